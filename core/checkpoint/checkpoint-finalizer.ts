import { invariant } from '../base/invariant.js';
import type { WireError } from '../protocol/wire-error.js';
import { armTimer, traceEvent } from './coordinator-effects.js';
import type { CoordinatorEffect, StoreEvent } from './coordinator-protocol.js';
import type { PendingCheckpoint } from './pending-checkpoint.js';
import type { CheckpointManifest } from './snapshot-handle.js';

/** Times that the storage is asked what became of a checkpoint before the job is given up. */
const OUTCOME_ATTEMPTS_MAX = 30;
const OUTCOME_DELAY_MS = 250;
const OUTCOME_DELAY_MAX_MS = 10_000;

interface Storing {
  readonly pending: PendingCheckpoint;
  readonly manifest: CheckpointManifest;
  outcomeAttempts: number;
}

/** What a storage event means. `unknowable`: the storage does not say what became of the checkpoint. */
export type FinalizeOutcome =
  | { readonly type: 'none' }
  | { readonly type: 'completed'; readonly pending: PendingCheckpoint; readonly manifest: CheckpointManifest }
  | { readonly type: 'failed'; readonly pending: PendingCheckpoint; readonly error: WireError | undefined }
  | { readonly type: 'leadership-lost'; readonly error: WireError }
  | { readonly type: 'unknowable'; readonly pending: PendingCheckpoint; readonly error: WireError };

const NONE: FinalizeOutcome = { type: 'none' };

/**
 * Stores fully acknowledged checkpoints.
 *
 * Invariants:
 * - one is being stored at a time, so that the log's order is the order of ids;
 * - it counts as complete only after the storage has said so, and as failed only after the storage has said
 *   that it is not in the log: a rejection alone says neither;
 * - while one is being stored, nobody may decide what to restore.
 */
export class CheckpointFinalizer {
  readonly #waiting: PendingCheckpoint[] = [];
  #storing: Storing | undefined;
  #error: WireError | undefined;

  /** True while the outcome of a checkpoint is open. */
  get busy(): boolean {
    return this.#storing !== undefined;
  }

  get current(): PendingCheckpoint | undefined {
    return this.#storing?.pending;
  }

  enqueue(pending: PendingCheckpoint): void {
    pending.to('STORING');
    this.#waiting.push(pending);
    this.#waiting.sort((a, b) => a.checkpointId - b.checkpointId);
  }

  /** The checkpoint was subsumed or its attempt has failed. It must not be the one being stored. */
  remove(pending: PendingCheckpoint): void {
    invariant(this.current !== pending, 'a checkpoint that is being stored is not given up', {
      checkpointId: pending.checkpointId,
    });
    const at = this.#waiting.indexOf(pending);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** The next one to be stored, if none is. The caller makes its manifest and calls {@link store}. */
  next(): PendingCheckpoint | undefined {
    return this.busy ? undefined : this.#waiting[0];
  }

  store(manifest: CheckpointManifest, effects: CoordinatorEffect[]): void {
    const pending = this.#waiting.shift();
    invariant(
      !this.busy && pending?.checkpointId === manifest.checkpointId,
      'checkpoints are stored one by one',
      {
        storing: this.current?.checkpointId,
        next: pending?.checkpointId,
      },
    );
    this.#storing = { pending, manifest, outcomeAttempts: 0 };
    this.#error = undefined;
    traceEvent('checkpoint.storing', { checkpointId: manifest.checkpointId }, effects);
    effects.push({ type: 'store-checkpoint', manifest });
  }

  handle(event: StoreEvent, effects: CoordinatorEffect[]): FinalizeOutcome {
    const storing = this.#storing;
    if (storing?.pending.checkpointId !== event.checkpointId) return NONE;
    const { pending, manifest } = storing;
    switch (event.type) {
      case 'checkpoint-stored':
        this.#storing = undefined;
        // A savepoint has a place of its own, which it is yet to be copied to.
        if (event.path !== undefined && !pending.recording.isSavepoint) pending.recording.liesAt(event.path);
        return { type: 'completed', pending, manifest };
      case 'checkpoint-outcome':
        this.#storing = undefined;
        return event.completed
          ? { type: 'completed', pending, manifest }
          : { type: 'failed', pending, error: this.#error };
      case 'checkpoint-store-failed':
        if (event.error.code === 'MR8003') return this.#end({ type: 'leadership-lost', error: event.error });
        this.#error = event.error;
        effects.push({ type: 'resolve-checkpoint', checkpointId: event.checkpointId });
        return NONE;
      case 'checkpoint-outcome-failed':
        if (event.error.code === 'MR8003') return this.#end({ type: 'leadership-lost', error: event.error });
        return this.#askAgain(storing, event.error, effects);
    }
  }

  onOutcomeDue(checkpointId: number, effects: CoordinatorEffect[]): void {
    if (this.#storing?.pending.checkpointId !== checkpointId) return;
    effects.push({ type: 'resolve-checkpoint', checkpointId });
  }

  /** The storage has not answered in time. What it says later is ignored. */
  onTimeout(checkpointId: number, error: WireError): FinalizeOutcome {
    const pending = this.current;
    if (pending?.checkpointId !== checkpointId) return NONE;
    return this.#end({ type: 'unknowable', pending, error });
  }

  #askAgain(storing: Storing, error: WireError, effects: CoordinatorEffect[]): FinalizeOutcome {
    const { pending } = storing;
    const { checkpointId } = pending;
    storing.outcomeAttempts++;
    if (storing.outcomeAttempts >= OUTCOME_ATTEMPTS_MAX) {
      return this.#end({ type: 'unknowable', pending, error });
    }
    const delayMs = Math.min(OUTCOME_DELAY_MS * 2 ** (storing.outcomeAttempts - 1), OUTCOME_DELAY_MAX_MS);
    armTimer('checkpoint-outcome-due', checkpointId, delayMs, effects);
    return NONE;
  }

  #end(outcome: FinalizeOutcome): FinalizeOutcome {
    this.#storing = undefined;
    return outcome;
  }
}
