import type { Instant } from '../base/instant.js';
import type { WireError } from '../protocol/wire-error.js';

/** One failed attempt. Plain data. */
export interface JobFailure {
  readonly attempt: number;
  /** Wall time. */
  readonly failedMs: number;
  readonly rootCause: WireError;
  /** What else went wrong while the attempt went down; often consequences. */
  readonly concurrent: readonly WireError[];
  /** What the next attempt began from; undefined: from the beginning, or there was no next one. */
  readonly restoredCheckpointId: number | undefined;
  /** Failure to all tasks of the next attempt running, ms; undefined: not yet, or never. */
  readonly recoveryMs: number | undefined;
}

interface Entry {
  readonly attempt: number;
  readonly failed: Instant;
  readonly rootCause: WireError;
  readonly concurrent: WireError[];
  restoredCheckpointId: number | undefined;
  recoveryMs: number | undefined;
}

const FAILURES_MAX = 16;
const CONCURRENT_MAX = 16;

/**
 * The newest failures of a job.
 *
 * Invariant: one entry per failed attempt; at most {@link FAILURES_MAX} entries with at most
 * {@link CONCURRENT_MAX} concurrent errors each.
 */
export class FailureHistory {
  readonly #entries: Entry[] = [];
  #count = 0;

  /** Failed attempts in all. */
  get count(): number {
    return this.#count;
  }

  get latest(): JobFailure | undefined {
    const entry = this.#entries.at(-1);
    return entry === undefined ? undefined : toFailure(entry);
  }

  get failures(): readonly JobFailure[] {
    return this.#entries.map(toFailure);
  }

  add(attempt: number, rootCause: WireError, failed: Instant): void {
    this.#count++;
    this.#entries.push({
      attempt,
      failed,
      rootCause,
      concurrent: [],
      restoredCheckpointId: undefined,
      recoveryMs: undefined,
    });
    if (this.#entries.length > FAILURES_MAX) this.#entries.shift();
  }

  /** Belongs to the newest failure. */
  addConcurrent(error: WireError): void {
    const entry = this.#entries.at(-1);
    if (entry !== undefined && entry.concurrent.length < CONCURRENT_MAX) entry.concurrent.push(error);
  }

  onRestarted(restoredCheckpointId: number | undefined): void {
    const entry = this.#entries.at(-1);
    if (entry !== undefined) entry.restoredCheckpointId = restoredCheckpointId;
  }

  /** All tasks run. Every failure that has not been recovered from until now is. */
  onRunning(now: Instant): void {
    for (const entry of this.#entries) entry.recoveryMs ??= now.monotonicMs - entry.failed.monotonicMs;
  }
}

function toFailure(entry: Entry): JobFailure {
  const { failed, concurrent, ...rest } = entry;
  return { ...rest, failedMs: failed.wallMs, concurrent: [...concurrent] };
}
