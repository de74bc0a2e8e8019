import type { CheckpointManifest } from '../../../core/internal.js';
import type { RowsDigest, SeenRows } from '../observed-rows.js';
import type { StorageAnswer, StorageCall } from '../observed-storage.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

/** Completed checkpoints whose rows are remembered: somebody may still begin from one of them. */
const KEPT = 4;

/** The rows of a table that a subtask froze. */
interface FrozenRows extends SeenRows {
  readonly epoch: number;
}

type Checkpoint = Pick<CheckpointManifest, 'epoch' | 'checkpointId'>;

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
  readonly #verdict: WorldVerdict;
  /** By savepoint: the epochs of those who were to export it. */
  readonly #exporters = new Map<number, Set<number>>();
  /** By epoch. */
  readonly #begun = new Map<number, Beginning>();
  /** By checkpoint, then by operator and table. */
  readonly #frozen = new Map<number, Map<string, FrozenRows[]>>();
  /** Those that are complete and remembered, ascending. */
  #completed: number[] = [];

  constructor(verdict: WorldVerdict) {
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
    const completed = new Set([...this.#completed, call.manifest.checkpointId]);
    this.#completed = [...completed].sort((a, b) => a - b).slice(-KEPT);
    const [oldest = 0] = this.#completed;
    for (const known of [this.#exporters, this.#frozen])
      for (const id of known.keys()) if (id < oldest) known.delete(id);
  }

  onRowsFrozen(epoch: number, checkpointId: number, rows: SeenRows): void {
    const frozen = this.#frozen.get(checkpointId) ?? new Map<string, FrozenRows[]>();
    this.#frozen.set(checkpointId, frozen);
    const name = nameOf(rows);
    const known = frozen.get(name) ?? [];
    frozen.set(name, known);
    known.push({ epoch, ...rows });
  }

  onRowsRestored(epoch: number, checkpointId: number, rows: SeenRows): void {
    const { uid, table, typeId, groups } = rows;
    const begun = this.#begun.get(epoch);
    const frozenFor = begun?.checkpointId === checkpointId ? begun.frozenFor : [{ epoch, checkpointId }];
    const frozen = frozenFor.map((each) => this.#frozenFor(each, rows));
    if (frozen.flat().some((each) => each.typeId !== typeId)) return;
    for (const [group, restored] of groups) {
      const digests = frozen.map((all) => digestsOf(all, group));
      const [first] = digests.flat();
      if (first === undefined || digests.some((all) => all.length === 0)) continue;
      if (digests.flat().some((digest) => isSame(digest, restored))) continue;
      const { count } = restored;
      this.#verdict.fail(
        'wrong',
        `Of key group ${group} of '${table}' of '${uid}', ${first.count} rows were frozen for checkpoint ` +
          `${checkpointId}, and ${count === first.count ? `${count} others` : count} are restored.`,
      );
    }
  }

  /** The rows of the same table, of all subtasks. */
  #frozenFor({ epoch, checkpointId }: Checkpoint, rows: SeenRows): readonly FrozenRows[] {
    const frozen = this.#frozen.get(checkpointId)?.get(nameOf(rows)) ?? [];
    return frozen.filter((each) => each.epoch === epoch);
  }
}

/** Of those who had the key group. */
function digestsOf(frozen: readonly FrozenRows[], group: number): readonly RowsDigest[] {
  return frozen.map(({ groups }) => groups.get(group)).filter((digest) => digest !== undefined);
}

function nameOf({ uid, table }: SeenRows): string {
  return `${uid}\n${table}`;
}

function isSame(a: RowsDigest, b: RowsDigest): boolean {
  return a.count === b.count && a.sum === b.sum;
}
