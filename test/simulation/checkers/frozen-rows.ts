import type { CheckpointManifest } from '../../../core/internal.js';
import type { RowsDigest, SeenRows } from '../observed-rows.js';
import type { StorageAnswer, StorageCall } from '../observed-storage.js';
import type { WorldListener } from '../world-listener.js';

/** Completed checkpoints whose rows are remembered: somebody may still begin from one of them. */
const KEPT = 4;

/** For whom rows are frozen: a number may be that of savepoints of several leaders. */
export type Checkpoint = Pick<CheckpointManifest, 'epoch' | 'checkpointId'>;

type TableName = Pick<SeenRows, 'uid' | 'table'>;

/** The rows of a table that a subtask froze. */
interface Frozen extends SeenRows {
  readonly epoch: number;
}

/** Rows as the tasks have frozen them: shared by checkers, and told before they are. */
export class FrozenRows implements WorldListener {
  /** By checkpoint, then by operator and table. */
  readonly #frozen = new Map<number, Map<string, Frozen[]>>();
  /** Those that are complete and remembered, ascending. */
  #completed: number[] = [];

  /** Of completed checkpoints the oldest from which somebody may still begin. */
  get oldest(): number {
    return this.#completed[0] ?? 0;
  }

  /** Of all subtasks that froze some. */
  of({ epoch, checkpointId }: Checkpoint, name: TableName): readonly SeenRows[] {
    const frozen = this.#frozen.get(checkpointId)?.get(keyOf(name)) ?? [];
    return frozen.filter((each) => each.epoch === epoch);
  }

  onStorageAnswered(_process: string, call: StorageCall, answer: StorageAnswer): void {
    if (!('manifest' in call) || answer.type === 'failed') return;
    const completed = new Set([...this.#completed, call.manifest.checkpointId]);
    this.#completed = [...completed].sort((a, b) => a - b).slice(-KEPT);
    for (const id of this.#frozen.keys()) if (id < this.oldest) this.#frozen.delete(id);
  }

  onRowsFrozen(epoch: number, checkpointId: number, rows: SeenRows): void {
    const frozen = this.#frozen.get(checkpointId) ?? new Map<string, Frozen[]>();
    this.#frozen.set(checkpointId, frozen);
    const key = keyOf(rows);
    const known = frozen.get(key) ?? [];
    frozen.set(key, known);
    known.push({ epoch, ...rows });
  }
}

/** Of those who had the key group. */
export function digestsOf(frozen: readonly SeenRows[], group: number): readonly RowsDigest[] {
  return frozen.map(({ groups }) => groups.get(group)).filter((digest) => digest !== undefined);
}

/** Of rows that expire some may be missing. */
export function isSame(frozen: RowsDigest, found: RowsDigest): boolean {
  const { rows } = frozen;
  if (rows !== undefined) return [...(found.rows ?? [])].every((row) => rows.has(row));
  return frozen.count === found.count && frozen.sum === found.sum;
}

/** Whether rows of the table may be missing in what is written later. */
export function mayExpire(frozen: readonly SeenRows[]): boolean {
  return frozen.some(({ groups }) => [...groups.values()].some(({ rows }) => rows !== undefined));
}

/** How rows differ from those that were frozen, for a sentence. */
export function difference(frozen: RowsDigest, found: RowsDigest): string {
  return frozen.count === found.count ? `${found.count} others` : `${found.count}`;
}

function keyOf({ uid, table }: TableName): string {
  return `${uid}\n${table}`;
}
