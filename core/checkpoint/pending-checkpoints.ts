import { invariant } from '../base/invariant.js';
import type { CoordinatorJob } from './coordinator-protocol.js';
import type { PendingCheckpoint } from './pending-checkpoint.js';

/**
 * The checkpoints under way, in the order of their ids.
 *
 * Invariants: ids strictly grow, over all attempts, and none is taken twice; at most `max` are held.
 */
export class PendingCheckpoints {
  readonly #max: number;
  readonly #pending = new Map<number, PendingCheckpoint>();
  #nextId: number;

  constructor(max: number, job: CoordinatorJob) {
    this.#max = max;
    const restoredId = job.restored?.checkpointId ?? 0;
    this.#nextId = job.firstCheckpointId ?? restoredId + 1;
    invariant(this.#nextId > restoredId, 'new checkpoints have higher ids than the restored one', {
      restoredId,
      next: this.#nextId,
    });
  }

  get size(): number {
    return this.#pending.size;
  }

  /** As they are now: they may be removed while they are looked at. */
  get all(): readonly PendingCheckpoint[] {
    return [...this.#pending.values()];
  }

  /** Some task of one of them has yet to be told of it. */
  get triggering(): boolean {
    return this.all.some(({ triggering }) => triggering);
  }

  get(checkpointId: number): PendingCheckpoint | undefined {
    return this.#pending.get(checkpointId);
  }

  /** One that was begun at some time; undefined: it is not under way any more. */
  triggered(checkpointId: number): PendingCheckpoint | undefined {
    invariant(checkpointId < this.#nextId, 'only a triggered checkpoint is acknowledged', { checkpointId });
    return this.#pending.get(checkpointId);
  }

  /** The id of the next one. */
  takeId(): number {
    return this.#nextId++;
  }

  add(pending: PendingCheckpoint): void {
    this.#pending.set(pending.checkpointId, pending);
    invariant(this.size <= this.#max, 'pending checkpoints are bounded', { pending: this.size });
  }

  remove({ checkpointId }: PendingCheckpoint): void {
    this.#pending.delete(checkpointId);
  }

  /** For people. */
  describe(): string {
    return `next checkpoint ${this.#nextId}, pending [${this.all.map((checkpoint) => checkpoint.describe()).join(', ')}]`;
  }
}
