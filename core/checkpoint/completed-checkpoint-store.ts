import { invariant } from '../base/invariant.js';
import { filesOf } from './orphaned-files.js';
import type { CheckpointManifest } from './snapshot-handle.js';

interface Retained {
  readonly checkpointId: number;
  readonly keys: ReadonlySet<string>;
}

/**
 * The completed checkpoints that are kept, as far as the control plane needs them: the newest whole, of the
 * others only which files they name.
 *
 * Invariants: ids strictly grow; at most `numRetained` are remembered.
 */
export class CompletedCheckpointStore {
  readonly #numRetained: number;
  readonly #retained: Retained[] = [];
  #latest: CheckpointManifest | undefined;

  constructor(numRetained: number) {
    this.#numRetained = numRetained;
  }

  get latest(): CheckpointManifest | undefined {
    return this.#latest;
  }

  /** Of those that are kept; Infinity: none is. */
  get oldestId(): number {
    return this.#retained[0]?.checkpointId ?? Number.POSITIVE_INFINITY;
  }

  add(manifest: CheckpointManifest): void {
    const { checkpointId } = manifest;
    const latest = this.#latest?.checkpointId;
    invariant(latest === undefined || checkpointId > latest, 'ids of completed checkpoints strictly grow', {
      latest,
      checkpointId,
    });
    this.#latest = manifest;
    this.#retained.push({ checkpointId, keys: keysOf(manifest) });
    if (this.#retained.length > this.#numRetained) this.#retained.shift();
  }

  isReferenced(key: string): boolean {
    return this.#retained.some(({ keys }) => keys.has(key));
  }
}

function keysOf(manifest: CheckpointManifest): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { subtasks } of manifest.vertices) {
    for (const subtask of subtasks) {
      if (subtask === 'finished') continue;
      for (const { key } of filesOf(subtask)) keys.add(key);
    }
  }
  return keys;
}
