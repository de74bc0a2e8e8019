import { CHECKPOINT_FAILURE_REASONS, type CheckpointFailureReason } from './checkpoint-failure-reason.js';

/**
 * Counts consecutive failed checkpoints.
 *
 * Invariants:
 * - each checkpoint id counts once; a failure without an id counts each time;
 * - a failure of a checkpoint older than the last success does not count;
 * - a success newer than every success before it, and a reached threshold, set the count to zero.
 */
export class CheckpointFailureCounter {
  readonly #tolerable: number;
  readonly #counted = new Set<number>();
  #withoutId = 0;
  #lastSuccess = Number.NEGATIVE_INFINITY;

  /** `tolerable`: failures that are borne; Infinity never exceeds. */
  constructor(tolerable: number) {
    this.#tolerable = tolerable;
  }

  get count(): number {
    return this.#counted.size + this.#withoutId;
  }

  /** True when the tolerable number is exceeded: the job must fail. */
  onFailure(checkpointId: number | undefined, reason: CheckpointFailureReason): boolean {
    if (!CHECKPOINT_FAILURE_REASONS[reason].counted || this.#tolerable === Number.POSITIVE_INFINITY)
      return false;
    if (checkpointId === undefined) this.#withoutId++;
    else if (checkpointId > this.#lastSuccess) this.#counted.add(checkpointId);
    if (this.count <= this.#tolerable) return false;
    this.reset();
    return true;
  }

  onSuccess(checkpointId: number): void {
    if (checkpointId <= this.#lastSuccess) return;
    this.#lastSuccess = checkpointId;
    this.reset();
  }

  reset(): void {
    this.#counted.clear();
    this.#withoutId = 0;
  }
}
