import type { Instant } from '../base/instant.js';
import type { WireError } from '../protocol/wire-error.js';
import { type FailureEnricher, labelsOf } from './failure-enricher.js';

/** What went wrong, when and where. Plain data. */
export interface FailureCause {
  /** Wall time. */
  readonly failedMs: number;
  readonly error: WireError;
  /** `window (3/4)`; undefined: no single task. */
  readonly taskName: string | undefined;
  /** Where the task ran. */
  readonly taskManagerId: string | undefined;
  /** As the failure enrichers gave them. */
  readonly labels: Readonly<Record<string, string>>;
}

/** One failed attempt. Plain data. */
export interface JobFailure extends Omit<FailureCause, 'error'> {
  readonly attempt: number;
  readonly rootCause: WireError;
  /** What else went wrong while the attempt went down; often consequences. */
  readonly concurrent: readonly FailureCause[];
  /** What was restarted, `window (3/4)` each; none: there was no next attempt. */
  readonly restartedTasks: readonly string[];
  /** What the next attempt began from; undefined: from the beginning, or there was no next one. */
  readonly restoredCheckpointId: number | undefined;
  /** Failure to all tasks of the next attempt running, ms; undefined: not yet, or never. */
  readonly recoveryMs: number | undefined;
}

/** An error, and the task that met it, if one did. */
export interface Failure {
  readonly error: WireError;
  readonly task?: { readonly name: string; readonly taskManagerId: string | undefined } | undefined;
}

export interface FailureHistorySettings {
  /** Failed attempts that are remembered. */
  readonly size: number;
  readonly enrichers: readonly FailureEnricher[];
}

const DEFAULT_FAILURE_HISTORY: FailureHistorySettings = { size: 16, enrichers: [] };

interface Entry {
  readonly attempt: number;
  readonly failed: Instant;
  readonly cause: FailureCause;
  readonly concurrent: FailureCause[];
  restartedTasks: readonly string[];
  restoredCheckpointId: number | undefined;
  recoveryMs: number | undefined;
}

const CONCURRENT_MAX = 16;

/**
 * The newest failures of a job.
 *
 * Invariant: one entry per failed attempt; at most as many entries as the settings say, with at most
 * {@link CONCURRENT_MAX} concurrent errors each.
 */
export class FailureHistory {
  readonly #job: { readonly jobId: string; readonly jobName: string };
  readonly #settings: FailureHistorySettings;
  readonly #entries: Entry[] = [];

  constructor(
    job: { readonly jobId: string; readonly jobName: string },
    settings: FailureHistorySettings = DEFAULT_FAILURE_HISTORY,
  ) {
    this.#job = job;
    this.#settings = settings;
  }

  get latest(): JobFailure | undefined {
    const entry = this.#entries.at(-1);
    return entry === undefined ? undefined : toFailure(entry);
  }

  get failures(): readonly JobFailure[] {
    return this.#entries.map(toFailure);
  }

  add(attempt: number, failure: Failure, failed: Instant): void {
    this.#entries.push({
      attempt,
      failed,
      cause: this.#causeOf(failure, failed),
      concurrent: [],
      restartedTasks: [],
      restoredCheckpointId: undefined,
      recoveryMs: undefined,
    });
    if (this.#entries.length > this.#settings.size) this.#entries.shift();
  }

  /** Belongs to the newest failure. */
  addConcurrent(failure: Failure, now: Instant): void {
    const entry = this.#entries.at(-1);
    if (entry === undefined || entry.concurrent.length >= CONCURRENT_MAX) return;
    entry.concurrent.push(this.#causeOf(failure, now));
  }

  /** Because of the newest failure, and what came with it, these tasks begin anew. */
  onRestarting(tasks: readonly string[]): void {
    const entry = this.#entries.at(-1);
    if (entry !== undefined) entry.restartedTasks = tasks;
  }

  onRestarted(restoredCheckpointId: number | undefined): void {
    const entry = this.#entries.at(-1);
    if (entry !== undefined) entry.restoredCheckpointId = restoredCheckpointId;
  }

  /** All tasks run. Every failure that has not been recovered from until now is. */
  onRunning(now: Instant): void {
    for (const entry of this.#entries) entry.recoveryMs ??= now.monotonicMs - entry.failed.monotonicMs;
  }

  #causeOf({ error, task }: Failure, now: Instant): FailureCause {
    const { jobId, jobName } = this.#job;
    const failureType = task === undefined ? 'GLOBAL' : 'TASK';
    const context = { jobId, jobName, failureType, taskName: task?.name } as const;
    return {
      failedMs: now.wallMs,
      error,
      taskName: task?.name,
      taskManagerId: task?.taskManagerId,
      labels: labelsOf(error, this.#settings.enrichers, context),
    };
  }
}

function toFailure({ failed: _, cause, concurrent, ...rest }: Entry): JobFailure {
  const { error, ...where } = cause;
  return { ...rest, ...where, rootCause: error, concurrent: [...concurrent] };
}
