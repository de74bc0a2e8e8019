import { invariant } from '../base/invariant.js';
import type { StoredJobResult } from '../checkpoint/checkpoint-storage.js';
import type { WireError } from '../protocol/wire-error.js';
import { resultNotStored } from './job-error.js';
import type { JobEffect } from './job-protocol.js';

/** Longest wait for the storage, in each of the two stages. */
const DEADLINE_MS = 30_000;
const RESULT_ATTEMPTS_MAX = 3;
const RESULT_RETRY_MS = 500;

interface Recording {
  readonly result: StoredJobResult;
  readonly keepCheckpoints: boolean;
}

/**
 * The end of a job, however it came: waits until the storage is quiet, then has the result recorded.
 *
 * Invariants: open -> quieting -> recording -> done, never back; no stage waits longer than
 * {@link DEADLINE_MS} for the storage.
 */
export class JobClosing {
  readonly #jobName: string;
  readonly #retainOnCancellation: boolean;
  #stage: 'open' | 'quieting' | 'recording' | 'done' = 'open';
  #recording: Recording | undefined;
  #overdue = false;
  #attempts = 0;

  /** `retainOnCancellation`: whether the checkpoints of a cancelled job stay; those of a failed one do. */
  constructor(jobName: string, retainOnCancellation: boolean) {
    this.#jobName = jobName;
    this.#retainOnCancellation = retainOnCancellation;
  }

  get begun(): boolean {
    return this.#stage !== 'open';
  }

  /** The result is recorded, or never will be. */
  get done(): boolean {
    return this.#stage === 'done';
  }

  /** The storage has been waited for long enough. */
  get overdue(): boolean {
    return this.#overdue;
  }

  /** False if it had begun before. */
  begin(effects: JobEffect[]): boolean {
    if (this.begun) return false;
    this.#stage = 'quieting';
    this.#armDeadline(effects);
    return true;
  }

  /**
   * Whether the result may be recorded now. `cleaning`: old checkpoints are being removed, which is not
   * worth more than the deadline. `storing`: whether some checkpoint is complete is not known; that has a
   * deadline of its own.
   */
  mayRecord(cleaning: boolean, storing: boolean): boolean {
    return this.#stage === 'quieting' && !storing && (!cleaning || this.#overdue);
  }

  record(result: StoredJobResult, effects: JobEffect[]): void {
    invariant(this.#stage === 'quieting', 'a result is recorded once', { stage: this.#stage });
    this.#stage = 'recording';
    const { state } = result;
    const keepCheckpoints = state === 'FAILED' || (state === 'CANCELED' && this.#retainOnCancellation);
    this.#recording = { result, keepCheckpoints };
    this.#armDeadline(effects);
    this.#store(effects);
  }

  /** False: nobody waits for it any more. */
  onStored(): boolean {
    if (this.#stage !== 'recording') return false;
    this.#stage = 'done';
    return true;
  }

  /** The error to end with, once trying again is of no use. */
  onStoreFailed(error: WireError, effects: JobEffect[]): WireError | undefined {
    if (this.#stage !== 'recording') return undefined;
    if (error.code === 'MR8003') {
      this.#stage = 'done';
      return error;
    }
    this.#attempts++;
    if (this.#attempts >= RESULT_ATTEMPTS_MAX) {
      this.#stage = 'done';
      return resultNotStored(this.#jobName, error);
    }
    effects.push({ type: 'arm-timer', timer: { name: 'result-due', id: 0 }, delayMs: RESULT_RETRY_MS });
    return undefined;
  }

  onRetryDue(effects: JobEffect[]): void {
    if (this.#stage === 'recording') this.#store(effects);
  }

  /** The error to end with, if the storage has kept the result waiting. */
  onDeadline(): WireError | undefined {
    this.#overdue = true;
    if (this.#stage !== 'recording') return undefined;
    this.#stage = 'done';
    return resultNotStored(this.#jobName, undefined);
  }

  #store(effects: JobEffect[]): void {
    if (this.#recording !== undefined) effects.push({ type: 'store-result', ...this.#recording });
  }

  #armDeadline(effects: JobEffect[]): void {
    effects.push({ type: 'arm-timer', timer: { name: 'closing-deadline', id: 0 }, delayMs: DEADLINE_MS });
  }
}
