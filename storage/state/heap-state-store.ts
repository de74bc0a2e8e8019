import {
  invariant,
  type KeyedSnapshot,
  type KeyedStateHandle,
  type KeyedStateRequest,
  type KeyedStateStore,
  type KeyGroupRange,
  type StateFileHandle,
  type StateTable,
  type TableOptions,
} from '../../core/internal.js';
import { expiredRowsOf, type RowExpiry } from './expired-rows.js';
import type { HeapChanges, HeapShard } from './heap-shard.js';
import { type FrozenShard, frozenChanges, frozenRows, HeapSnapshot } from './heap-snapshot.js';
import { type HeapGeneration, HeapTable, latin1Of } from './heap-table.js';
import { RestoredTables } from './restored-tables.js';
import { ROW_FILE_FORMAT } from './row-file-layout.js';
import { SnapshotChain } from './snapshot-chain.js';

/** Changes that were frozen for a checkpoint and are in no completed one yet. */
interface FrozenGeneration {
  /** The first one, if older ones were folded under it. */
  generation: number;
  checkpointId: number;
  aborted: boolean;
  readonly changes: Map<HeapShard, HeapChanges>;
}

/**
 * Keyed state as JavaScript maps of bytes: for small state, for tests, and as the model that the LMDB store
 * has to agree with.
 *
 * Invariants:
 * - `#generations` are those frozen and not covered by a completed checkpoint, oldest first; their changes
 *   and the shards' present ones together are what differs from the completed files;
 * - frozen changes are never altered but by folding an older aborted generation under a newer one, which
 *   alters nothing for a reader that has read the older one first;
 * - of two neighbouring generations at most one is aborted, and none while no checkpoint is pending: then the changes
 *   of aborted ones are the shards' own again. So failing checkpoints pile up nothing, rows that came and went no more
 *   than others.
 */
export class HeapStateStore implements KeyedStateStore {
  readonly keyGroups: KeyGroupRange;
  readonly #tables: HeapTable[] = [];
  readonly #byName = new Map<string, HeapTable>();
  readonly #restored: RestoredTables;
  readonly #expiries = new Map<string, RowExpiry>();
  readonly #chain: SnapshotChain;
  readonly #generation: HeapGeneration = { current: 0, freshFrom: 0 };
  #generations: FrozenGeneration[] = [];
  /** The generation of the last completed checkpoint. */
  #completed = -1;

  constructor(request: KeyedStateRequest) {
    this.keyGroups = request.keyGroups;
    this.#chain = new SnapshotChain(request.restore);
    this.#restored = new RestoredTables(request);
  }

  table(name: string, options: TableOptions): StateTable {
    return this.#restored.declare(name, options, () => {
      const table = this.#tableOf(name, options);
      invariant(table.options.ordered === options.ordered, 'a table stays ordered or not', { table: name });
      if (options.isExpired !== undefined) this.#expiries.set(name, options.isExpired);
      return table;
    });
  }

  async restore(): Promise<void> {
    const startsOver = await this.#restored.restore(({ name, ordered, fixedValueBytes }, typeId) => {
      const table = this.#tableOf(name, { typeId, ordered, fixedValueBytes });
      return (row) => {
        const key = latin1Of(row.bytes, row.keyStart, row.keyLength);
        const end = row.valueStart + row.valueLength;
        const value = row.valueLength < 0 ? undefined : row.bytes.slice(row.valueStart, end);
        table.shard(row.keyGroup).restore(key, value, row.prefixLength);
      };
    });
    if (startsOver) this.#chain.startOver();
  }

  /** The table of that name, made if need be; its type is not looked at. */
  #tableOf(name: string, options: TableOptions): HeapTable {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const table = new HeapTable(name, this.#tables.length, options, this.keyGroups, this.#generation);
    this.#tables.push(table);
    this.#byName.set(name, table);
    return table;
  }

  requestBase(checkpointId: number): void {
    this.#chain.requestBase(checkpointId);
  }

  snapshot(checkpointId: number): KeyedSnapshot {
    const purpose = this.#chain.wantsBase(checkpointId, this.#liveBytes()) ? 'base' : 'increment';
    const before = this.#chain.completed;
    this.#freezeChanges(checkpointId);
    this.#chain.begin(checkpointId);
    const undo = new Map<HeapShard, HeapChanges>();
    const shards = purpose === 'base' ? this.#freezeRows(undo) : this.#frozenChanges();
    const tables = this.#tables.map(({ name, options: { ordered, fixedValueBytes } }) => ({
      name,
      ordered,
      fixedValueBytes,
    }));
    const typeIds = this.#restored.typeIds();
    return new HeapSnapshot({
      checkpointId,
      purpose,
      tables,
      expired: purpose === 'base' ? expiredRowsOf(tables, this.#expiries, false) : undefined,
      shards,
      handleWith: (file) => {
        const files = filesWith(purpose === 'base' ? [] : before, file);
        this.#chain.written(checkpointId, files);
        return this.#handle(files, typeIds);
      },
      release: () => {
        for (const [shard, changes] of undo) shard.endUndo(changes);
      },
    });
  }

  notifyCheckpointComplete(checkpointId: number): void {
    if (!this.#chain.complete(checkpointId)) return;
    const covered = this.#generations.filter((generation) => generation.checkpointId <= checkpointId);
    this.#generations = this.#generations.filter((generation) => generation.checkpointId > checkpointId);
    for (const { generation, changes } of covered) {
      this.#completed = Math.max(this.#completed, generation);
      for (const [shard, taken] of changes) shard.letGo(taken);
    }
    if (!this.#chain.isPending) this.#takeBackAborted();
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#chain.abort(checkpointId);
    const at = this.#generations.findIndex((generation) => generation.checkpointId === checkpointId);
    const generation = this.#generations[at];
    if (generation === undefined) return;
    generation.aborted = true;
    if (this.#chain.isPending) this.#foldAborted();
    else this.#takeBackAborted();
  }

  async close(): Promise<void> {}

  #freezeChanges(checkpointId: number): void {
    const changes = new Map<HeapShard, HeapChanges>();
    for (const table of this.#tables) {
      for (const shard of table.shards()) if (shard.hasChanges) changes.set(shard, shard.takeChanges());
    }
    const generation = this.#generation.current++;
    this.#generations.push({ generation, checkpointId, aborted: false, changes });
    this.#generation.freshFrom = this.#generation.current;
  }

  #frozenChanges(): FrozenShard[] {
    const frozen: FrozenShard[] = [];
    for (const { changes } of this.#generations) {
      for (const [shard, rows] of changes) frozen.push(frozenChanges(shard, rows));
    }
    return frozen;
  }

  #freezeRows(undo: Map<HeapShard, HeapChanges>): FrozenShard[] {
    const frozen: FrozenShard[] = [];
    for (const table of this.#tables) {
      for (const shard of table.shards()) {
        if (shard.isEmpty) continue;
        const changes: HeapChanges = new Map();
        undo.set(shard, changes);
        frozen.push(frozenRows(shard, changes));
      }
    }
    return frozen;
  }

  /** No checkpoint is pending: what was frozen for those that failed is as if it had never been. */
  #takeBackAborted(): void {
    for (const { generation, changes } of this.#generations.reverse()) {
      for (const [shard, taken] of changes) shard.takeBack(taken, generation);
    }
    this.#generations = [];
    this.#generation.freshFrom = this.#completed + 1;
  }

  /** Of two neighbours that are both aborted, the older one's changes go under those of the newer one. */
  #foldAborted(): void {
    const kept: FrozenGeneration[] = [];
    for (const generation of this.#generations) {
      const older = kept.at(-1);
      if (older?.aborted && generation.aborted) {
        kept.pop();
        fold(older.changes, generation.changes);
        generation.generation = older.generation;
      }
      kept.push(generation);
    }
    this.#generations = kept;
  }

  #handle(files: readonly StateFileHandle[], tables: Readonly<Record<string, string>>): KeyedStateHandle {
    const { start, end } = this.keyGroups;
    return { format: ROW_FILE_FORMAT, keyGroupStart: start, keyGroupEnd: end, files, tables };
  }

  #liveBytes(): number {
    let sum = 0;
    for (const table of this.#tables) for (const shard of table.shards()) sum += shard.liveBytes;
    return sum;
  }
}

function fold(older: Map<HeapShard, HeapChanges>, newer: Map<HeapShard, HeapChanges>): void {
  for (const [shard, changes] of older) {
    const into = newer.get(shard);
    if (into === undefined) {
      newer.set(shard, changes);
      continue;
    }
    for (const [key, row] of changes) if (!into.has(key)) into.set(key, row);
    shard.letGo(changes);
  }
}

/** The files of a checkpoint: those it builds on, and its own if it needed one. */
export function filesWith(
  before: readonly StateFileHandle[],
  file: StateFileHandle | undefined,
): readonly StateFileHandle[] {
  return file === undefined ? before : [...before, file];
}
