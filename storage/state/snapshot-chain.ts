import { invariant, type KeyedStateHandle, type StateFileHandle } from '../../core/internal.js';

/** Increments after which a new base is written, whatever their size. */
const INCREMENTS_MAX = 20;

/** A new base is written when the increments are more than so many times the living state. */
const INCREMENTS_PER_STATE = 2;

/**
 * The files that make up one operator's state: a base, then increments; and which checkpoints may build on
 * which. An increment holds what changed since the last checkpoint that is known to be complete, never since
 * one that may yet be aborted, so each checkpoint stands whatever becomes of the others.
 *
 * Invariants:
 * - the completed files only change when a checkpoint completes, and its id is above that of the last;
 * - a pending checkpoint's files are the completed ones at its freeze, and one more if something changed;
 *   or a single new base.
 */
export class SnapshotChain {
  #completedId: number;
  #completed: readonly StateFileHandle[];
  /** Checkpoint id to its files, undefined until they are written. */
  readonly #pending = new Map<number, readonly StateFileHandle[] | undefined>();
  #requestedBase = -1;

  constructor(restored: KeyedStateHandle | undefined) {
    this.#completedId = -1;
    this.#completed = restored?.files ?? [];
  }

  /** Nothing is built upon: the next snapshot is a base. While none is pending. */
  startOver(): void {
    invariant(!this.isPending, 'a pending checkpoint may yet be built upon');
    this.#completed = [];
  }

  /** Whether a snapshot may yet become that of a completed checkpoint. */
  get isPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Whether a base is less to write than an increment of so many bytes. */
  isNoGain(changedBytes: number, liveBytes: number): boolean {
    return this.#completed.length === 0 || changedBytes > liveBytes;
  }

  /** Files of the last completed checkpoint. */
  get completed(): readonly StateFileHandle[] {
    return this.#completed;
  }

  /** The snapshot of that checkpoint is to write everything anew. */
  requestBase(checkpointId: number): void {
    this.#requestedBase = checkpointId;
  }

  /** Whether the snapshot of that checkpoint should write everything anew. */
  wantsBase(checkpointId: number, liveBytes: number): boolean {
    if (checkpointId === this.#requestedBase) return true;
    const increments = this.#completed.length - 1;
    if (increments < 1) return this.#completed.length === 0;
    if (increments >= INCREMENTS_MAX) return true;
    let bytes = 0;
    for (let i = 1; i <= increments; i++) bytes += this.#completed[i]?.sizeBytes ?? 0;
    return bytes > INCREMENTS_PER_STATE * liveBytes;
  }

  /** A snapshot has been frozen. */
  begin(checkpointId: number): void {
    invariant(!this.#pending.has(checkpointId), 'a checkpoint is frozen once', { checkpointId });
    this.#pending.set(checkpointId, undefined);
  }

  /** The files of a frozen snapshot are durable. */
  written(checkpointId: number, files: readonly StateFileHandle[]): void {
    if (this.#pending.has(checkpointId)) this.#pending.set(checkpointId, files);
  }

  /** False if this changes nothing: an older checkpoint, or one that this task did not freeze. */
  complete(checkpointId: number): boolean {
    if (checkpointId <= this.#completedId || !this.#pending.has(checkpointId)) return false;
    const files = this.#pending.get(checkpointId);
    invariant(files !== undefined, 'a checkpoint completes after its files are written', { checkpointId });
    this.#completed = files;
    this.#completedId = checkpointId;
    for (const id of this.#pending.keys()) if (id <= checkpointId) this.#pending.delete(id);
    return true;
  }

  abort(checkpointId: number): void {
    this.#pending.delete(checkpointId);
  }
}
