import type { WireError } from '../protocol/wire-error.js';
import type { CompletedCheckpointStore } from './completed-checkpoint-store.js';
import { traceEvent } from './coordinator-effects.js';
import type { CoordinatorEffect, EventOf } from './coordinator-protocol.js';
import { OrphanedFiles } from './orphaned-files.js';
import type { PendingCheckpoints } from './pending-checkpoints.js';
import type { SubtaskSnapshot } from './snapshot-handle.js';

/**
 * Has the storage remove what nobody needs any more: old checkpoints, and files of aborted ones.
 *
 * Invariants: one retention runs at a time; files of aborted checkpoints go only when no completed
 * checkpoint names them. A removal that fails is traced; the next completion tries again.
 */
export class CheckpointsCleaner {
  readonly #completed: CompletedCheckpointStore;
  readonly #numRetained: number;
  readonly #pending: PendingCheckpoints;
  readonly #orphans = new OrphanedFiles();
  #retaining = false;
  #retainAgain = false;

  /** `pending`: those under way, which may build on what is removed. */
  constructor(completed: CompletedCheckpointStore, numRetained: number, pending: PendingCheckpoints) {
    this.#completed = completed;
    this.#numRetained = numRetained;
    this.#pending = pending;
  }

  get busy(): boolean {
    return this.#retaining;
  }

  /** Retentions under way or due. */
  get count(): number {
    return (this.#retaining ? 1 : 0) + (this.#retainAgain ? 1 : 0);
  }

  /** What was acknowledged for a checkpoint that will not complete. */
  abandon(checkpointId: number, snapshot: SubtaskSnapshot): void {
    this.#orphans.add(checkpointId, snapshot);
  }

  onCompleted(checkpointId: number, effects: CoordinatorEffect[]): void {
    this.discardBelow(checkpointId, effects);
    this.#retainAgain = this.#retaining;
    if (!this.#retaining) this.#retain(effects);
  }

  /** How the storage answered. */
  handle(
    { type, error }: EventOf<'checkpoints-retained' | 'files-discarded'>,
    effects: CoordinatorEffect[],
  ): void {
    if (type === 'checkpoints-retained') this.#onRetained(error, effects);
    else this.#traceFailure('checkpoint.discard-failed', error, effects);
  }

  #onRetained(error: WireError | undefined, effects: CoordinatorEffect[]): void {
    this.#retaining = false;
    this.#traceFailure('checkpoint.retention-failed', error, effects);
    if (!this.#retainAgain) return;
    this.#retainAgain = false;
    this.#retain(effects);
  }

  discardBelow(bound: number, effects: CoordinatorEffect[]): void {
    const sets = this.#orphans.takeBelow(bound, (key) => this.#completed.isReferenced(key));
    for (const { checkpointId, files } of sets) effects.push({ type: 'discard-files', checkpointId, files });
  }

  #retain(effects: CoordinatorEffect[]): void {
    this.#retaining = true;
    const underWay = this.#pending.all.map(({ checkpointId }) => checkpointId);
    effects.push({ type: 'retain-checkpoints', count: this.#numRetained, underWay });
  }

  #traceFailure(name: string, error: WireError | undefined, effects: CoordinatorEffect[]): void {
    if (error !== undefined) traceEvent(name, { code: error.code, what: error.what }, effects);
  }
}
