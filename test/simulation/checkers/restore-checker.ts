import type { CheckpointManifest } from '../../../core/internal.js';
import type { SeenRows } from '../observed-rows.js';
import type { StorageAnswer, StorageCall } from '../observed-storage.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';
import { type Checkpoint, difference, digestsOf, type FrozenRows, isSame } from './frozen-rows.js';

/** The checkpoint that a leader began from, and those for which its rows may have been frozen. */
interface Beginning {
  readonly checkpointId: number;
  readonly frozenFor: readonly Checkpoint[];
}

/**
 * What is restored from a checkpoint is what was frozen for it, to the byte: key group by key group of every table,
 * whatever subtask had it and whatever subtask is given it.
 *
 * Fair: any rows that were frozen for a savepoint of that number, where several leaders exported one; rows of another
 * type than that of the checkpoint, which are migrated; and what nobody saw frozen, as of a savepoint that was made
 * without a job, of a subtask that had finished, or of a table that a subtask had not asked for.
 */
export class RestoreChecker implements WorldListener {
  readonly #frozen: FrozenRows;
  readonly #verdict: WorldVerdict;
  /** By savepoint: the epochs of those who were to export it. */
  readonly #exporters = new Map<number, Set<number>>();
  /** By epoch. */
  readonly #begun = new Map<number, Beginning>();

  constructor(frozen: FrozenRows, verdict: WorldVerdict) {
    this.#frozen = frozen;
    this.#verdict = verdict;
  }

  onStorageAsked(_process: string, call: StorageCall): void {
    if (call.type !== 'export') return;
    const { checkpointId, epoch } = call.manifest;
    const epochs = this.#exporters.get(checkpointId) ?? new Set();
    this.#exporters.set(checkpointId, epochs.add(epoch));
  }

  onJobBegun(epoch: number, from: CheckpointManifest | undefined, foundId: number | undefined): void {
    if (from === undefined) return;
    const checkpointId = foundId ?? from.checkpointId;
    const epochs = foundId === undefined ? [from.epoch] : [...(this.#exporters.get(foundId) ?? [])];
    const frozenFor = epochs.map((each) => ({ epoch: each, checkpointId }));
    this.#begun.set(epoch, { checkpointId: from.checkpointId, frozenFor });
  }

  onStorageAnswered(_process: string, call: StorageCall, answer: StorageAnswer): void {
    if (!('manifest' in call) || answer.type === 'failed') return;
    for (const id of this.#exporters.keys()) if (id < this.#frozen.oldest) this.#exporters.delete(id);
  }

  onRowsRestored(epoch: number, checkpointId: number, rows: SeenRows): void {
    const { uid, table, typeId, groups } = rows;
    const begun = this.#begun.get(epoch);
    const frozenFor = begun?.checkpointId === checkpointId ? begun.frozenFor : [{ epoch, checkpointId }];
    const frozen = frozenFor.map((each) => this.#frozen.of(each, rows));
    if (frozen.flat().some((each) => each.typeId !== typeId)) return;
    for (const [group, restored] of groups) {
      const digests = frozen.map((all) => digestsOf(all, group));
      const [first] = digests.flat();
      if (first === undefined || digests.some((all) => all.length === 0)) continue;
      if (digests.flat().some((digest) => isSame(digest, restored))) continue;
      this.#verdict.fail(
        'wrong',
        `Of key group ${group} of '${table}' of '${uid}', ${first.count} rows were frozen for checkpoint ` +
          `${checkpointId}, and ${difference(first, restored)} are restored.`,
      );
    }
  }
}
