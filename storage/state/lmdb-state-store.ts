import {
  invariant,
  type KeyedSnapshot,
  type KeyedStateRequest,
  type KeyedStateStore,
  type KeyGroupRange,
  type RowKey,
  type StateFileHandle,
  type StateTable,
  type TableOptions,
} from '../../core/internal.js';
import { expiredRowsOf, type RowExpiry } from './expired-rows.js';
import { filesWith } from './heap-state-store.js';
import { InlineSnapshot } from './inline-snapshot.js';
import { InlineTable } from './inline-table.js';
import { LmdbHome } from './lmdb-home.js';
import { type FrozenStore, LmdbStoreSnapshot, NO_DEADLINE, type SnapshotDeadline } from './lmdb-snapshot.js';
import { LmdbTable } from './lmdb-table.js';
import { MemoryReclaimer } from './memory-reclaimer.js';
import { Memtable } from './memtable.js';
import { MemtableGenerations } from './memtable-generations.js';
import type { MemtableTable } from './memtable-table.js';
import { RestoredTables } from './restored-tables.js';
import { ROW_FILE_FORMAT, type RowFileTable } from './row-file-layout.js';
import { SavedBlocks } from './saved-blocks.js';
import { SnapshotChain } from './snapshot-chain.js';
import { SnapshotPace } from './snapshot-pace.js';
import type { StateWriterPort } from './state-writer-protocol.js';

/** Less than this is no memory to work in. */
const BUDGET_BYTES_MIN = 512 * 1024;
/** Refs are 32-bit numbers of bytes within twice the budget. */
const BUDGET_BYTES_MAX = 1024 * 1024 * 1024;
/** What snapshots save of rows that are about to change may take this part of managed memory, besides it. */
const SAVED_PART = 16;

/**
 * Keyed state in managed memory, with LMDB behind it: the memtable and the inline tables hold what is new and
 * what is hot; LMDB holds what finds no room there.
 *
 * Invariants:
 * - what memory says of a row, also that it is deleted, stands over what LMDB says;
 * - a snapshot is frozen at once: the generation ends, and rows of ended generations are never overwritten
 *   before every snapshot that needs them has them;
 * - checkpoints never wait for LMDB.
 */
export class LmdbStateStore implements KeyedStateStore {
  readonly keyGroups: KeyGroupRange;
  readonly #tables: LmdbTable[] = [];
  readonly #memtableTables: MemtableTable[] = [];
  readonly #byName = new Map<string, LmdbTable>();
  readonly #inlineTables: InlineTable[] = [];
  readonly #restored: RestoredTables;
  readonly #expiries = new Map<string, RowExpiry>();
  readonly #chain: SnapshotChain;
  readonly #memtable: Memtable;
  readonly #generations: MemtableGenerations;
  readonly #home: LmdbHome;
  readonly #reclaimer: MemoryReclaimer;
  readonly #saved: SavedBlocks;

  readonly #deadline: SnapshotDeadline;
  /** Those that hold something. */
  readonly #snapshots = new Set<LmdbStoreSnapshot>();

  /**
   * @param path a folder that nobody else has ever used; it is made when it is first needed
   * @param deadline of each snapshot
   * @param pace of all stores of the thread
   */
  constructor(
    request: KeyedStateRequest,
    path: string,
    port: StateWriterPort,
    deadline: SnapshotDeadline = NO_DEADLINE,
    pace: SnapshotPace = new SnapshotPace(),
  ) {
    this.#deadline = deadline;
    this.keyGroups = request.keyGroups;
    this.#chain = new SnapshotChain(request.restore);
    this.#restored = new RestoredTables(request);
    const budget = Math.min(Math.max(request.managedBytes, BUDGET_BYTES_MIN), BUDGET_BYTES_MAX);
    this.#memtable = new Memtable(request.keyGroups, budget, this.#memtableTables, () =>
      this.#reclaimer.makeRoom(),
    );
    this.#home = new LmdbHome(path, port, pace, (sequence) => this.#reclaimer.confirmed(sequence));
    this.#saved = new SavedBlocks(this.#home.spills, {
      ownBytes: budget / SAVED_PART,
      freeBytes: () => this.#reclaimer.freeBytes,
      onSpilled: () => this.#home.onSpilled(),
    });
    this.#generations = new MemtableGenerations(this.#memtable, this.#home);
    this.#reclaimer = new MemoryReclaimer({
      memtable: this.#memtable,
      tables: this.#memtableTables,
      generations: this.#generations,
      home: this.#home,
      saved: this.#saved,
      budgetBytes: budget,
    });
    if (this.#chain.completed.length === 0) this.#startOver();
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
      return (row) => table.restore(row);
    });
    if (startsOver) this.#startOver();
  }

  /** The table of that name, made if need be; its type is not looked at. */
  #tableOf(name: string, options: TableOptions): LmdbTable {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const table = new LmdbTable(name, this.#tables.length, options, {
      memtable: this.#memtable,
      reclaimer: this.#reclaimer,
      home: this.#home,
      createInline: (number, first, valueBytes) => this.#createInline(number, first, valueBytes),
    });
    this.#tables.push(table);
    this.#memtableTables.push(table.rows);
    this.#byName.set(name, table);
    return table;
  }

  requestBase(checkpointId: number): void {
    this.#chain.requestBase(checkpointId);
  }

  snapshot(checkpointId: number): KeyedSnapshot {
    const purpose = this.#chain.wantsBase(checkpointId, this.#liveBytes()) ? 'base' : 'increment';
    const before = purpose === 'base' ? [] : this.#chain.completed;
    const until = this.#generations.freeze(checkpointId);
    this.#chain.begin(checkpointId);
    const since = purpose === 'base' ? -1 : this.#generations.completed;
    const inline = this.#inlineTables.map((table) => {
      table.advance(until + 1);
      return new InlineSnapshot(table, since, until, this.#saved);
    });
    const typeIds = this.#restored.typeIds();
    const fileTables = this.#fileTables();
    const mayRepeat = this.#reclaimer.hasDropped;
    const frozen = {
      checkpointId,
      purpose,
      fileTables,
      expired: purpose === 'base' ? expiredRowsOf(fileTables, this.#expiries, mayRepeat) : undefined,
      tables: [...this.#memtableTables],
      memtable: this.#memtable,
      generations: this.#generations,
      home: this.#home,
      parts: purpose === 'base' ? this.#freezeEverything(until) : this.#generations.changes(until),
      inline,
      moment: purpose === 'base' && this.#reclaimer.hasDropped ? this.#home.snapshot() : undefined,
      released: (it: LmdbStoreSnapshot) => this.#snapshots.delete(it),
      handleWith: (file: StateFileHandle | undefined) => {
        const files = filesWith(before, file);
        this.#chain.written(checkpointId, files);
        const { start, end } = this.keyGroups;
        return { format: ROW_FILE_FORMAT, keyGroupStart: start, keyGroupEnd: end, files, tables: typeIds };
      },
    } satisfies FrozenStore;
    const snapshot = new LmdbStoreSnapshot(frozen, this.#deadline);
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  notifyCheckpointComplete(checkpointId: number): void {
    if (!this.#chain.complete(checkpointId)) return;
    this.#generations.complete(checkpointId);
    for (const { stamps } of this.#inlineTables) stamps.completedGeneration = this.#generations.completed;
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#chain.abort(checkpointId);
    for (const snapshot of this.#snapshots) if (snapshot.checkpointId === checkpointId) snapshot.abort();
    this.#generations.sweep();
    // While checkpoints fail, changes pile up, those of rows that are gone again as well.
    if (this.#chain.isPending) return;
    if (this.#chain.isNoGain(this.#generations.changedBytes, this.#liveBytes())) this.#startOver();
  }

  async close(): Promise<void> {
    await this.#home.close();
  }

  /** Managed memory in use; exceeds the budget for moments only. */
  get usedBytes(): number {
    return this.#memtable.usedBytes;
  }

  #startOver(): void {
    this.#chain.startOver();
    this.#generations.startOver();
  }

  #freezeEverything(until: number) {
    this.#memtable.closeAll();
    return this.#generations.everything(until, this.#memtable.arena.fullChunks(), this.#reclaimer.hasDropped);
  }

  #createInline(number: number, first: RowKey, valueBytes: number): InlineTable | undefined {
    if (!this.#reclaimer.makeRoom()) return undefined;
    const table = new InlineTable(
      number,
      this.#memtable.arena,
      { first, valueBytes },
      this.#memtable.generation,
      {
        makeRoom: () => this.#reclaimer.makeRoom(),
        evacuate: (inline, at, dirty) => this.#tables[inline.number]?.evacuate(inline, at, dirty),
      },
    );
    table.stamps.completedGeneration = this.#generations.completed;
    this.#inlineTables.push(table);
    this.#reclaimer.addInlineTable(table);
    return table;
  }

  #fileTables(): RowFileTable[] {
    return this.#tables.map(({ rows, options }) => ({
      name: rows.name,
      ordered: rows.ordered,
      fixedValueBytes: options.fixedValueBytes,
    }));
  }

  #liveBytes(): number {
    let sum = this.#memtable.arena.liveBytes + (this.#reclaimer.hasDropped ? this.#home.storedBytes : 0);
    for (const table of this.#inlineTables) sum += table.usedBytes / 2;
    return sum;
  }
}
