import type { StateFileHandle } from '../ports/keyed-state-store.js';
import type { SubtaskSnapshot } from './snapshot-handle.js';

/** Files of one checkpoint that will not complete. */
export interface OrphanedFileSet {
  readonly checkpointId: number;
  readonly files: readonly StateFileHandle[];
}

/** More than this many are forgotten, oldest first; the storage's own retention finds what is forgotten. */
const FILES_MAX = 100_000;

/** Every state file that a snapshot names. */
export function filesOf(snapshot: SubtaskSnapshot): readonly StateFileHandle[] {
  const files: StateFileHandle[] = Object.values(snapshot.operators).flatMap(
    ({ keyed }) => keyed?.files ?? [],
  );
  if (snapshot.inFlight !== undefined) files.push(snapshot.inFlight.file);
  return files;
}

/**
 * Files that were acknowledged for checkpoints which were aborted, or acknowledged too late.
 *
 * They are not removed at once: a task that has not yet heard of the abort may build its next increment on
 * them. Once a later checkpoint is complete (or the attempt is gone) what it does not name is of no use to
 * anybody.
 *
 * Invariant: a file that a completed checkpoint names is never handed out for removal.
 */
export class OrphanedFiles {
  readonly #byCheckpoint = new Map<number, Map<string, StateFileHandle>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(checkpointId: number, snapshot: SubtaskSnapshot): void {
    for (const file of filesOf(snapshot)) {
      let files = this.#byCheckpoint.get(checkpointId);
      if (files === undefined) {
        files = new Map();
        this.#byCheckpoint.set(checkpointId, files);
      }
      if (files.has(file.key)) continue;
      files.set(file.key, file);
      this.#count++;
    }
    for (const [id, files] of this.#byCheckpoint) {
      if (this.#count <= FILES_MAX) break;
      this.#byCheckpoint.delete(id);
      this.#count -= files.size;
    }
  }

  /** Takes out everything of checkpoints below `bound`; what `isReferenced` is not for removal. */
  takeBelow(bound: number, isReferenced: (key: string) => boolean): readonly OrphanedFileSet[] {
    const taken: OrphanedFileSet[] = [];
    for (const [checkpointId, files] of this.#byCheckpoint) {
      if (checkpointId >= bound) continue;
      this.#byCheckpoint.delete(checkpointId);
      this.#count -= files.size;
      const unreferenced = [...files.values()].filter(({ key }) => !isReferenced(key));
      if (unreferenced.length > 0) taken.push({ checkpointId, files: unreferenced });
    }
    return taken;
  }
}
