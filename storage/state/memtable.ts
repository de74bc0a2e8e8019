import { invariant, type KeyGroupRange, type RowBatch, type RowKey, rowHash } from '../../core/internal.js';
import { ChunkArena } from './chunk-arena.js';
import { ChunkList } from './chunk-part.js';
import { visitLatestRows } from './chunk-rows.js';
import {
  ChunkPersistence,
  ChunkState,
  ROW_FRESH,
  ROW_KEY_LENGTH,
  ROW_PREFIX_LENGTH,
  ROW_REPLACED,
  ROW_SIZE,
  ROW_SIZE_MASK,
  ROW_TABLE,
  ROW_VALUE_LENGTH,
} from './memtable-layout.js';
import { MemtableScan } from './memtable-scan.js';
import { type MemtableShard, ShardMap } from './memtable-shard.js';
import type { MemtableTable } from './memtable-table.js';
import type { OpenChunk } from './open-chunk.js';
import { copyBytes, isKeyAt } from './row-bytes.js';

/**
 * Rows as bytes in a {@link ChunkArena}, found by hash. Writing appends to the open chunk of the present generation, or
 * changes in place what was written in the same generation; so the chunks of a frozen generation never change again but
 * for the marks that say which rows were replaced, and when. As they lie, they are the increment of the checkpoint.
 *
 * Invariants:
 * - the index holds exactly one ref for each row that is known here, deleted or not: the latest version;
 * - a row's ROW_REPLACED is 0 exactly if the index refers to it;
 * - `generation` only grows; a chunk's generation is the one in which all its rows were appended, or 0 where
 *   that makes no difference any more;
 * - a chunk that is full, of generation 0, unpinned and without a live row is free.
 *
 * hot path: {@link find}, {@link put} (bench/scenarios/keyed-count). A ref is valid until a call may take a chunk.
 */
export class Memtable {
  readonly arena: ChunkArena;
  /** The present generation; 1 at first. */
  generation = 1;
  /** Chunks of the present generation, in the order of their rows. */
  chunks = new ChunkList();
  /** Counts the times that rows left their place; refs of before are void. */
  moves = 0;
  /** Scans that are under way. */
  scans = 0;
  /** Whether chunks are of the generation whose changes they hold, or of 0. */
  #isTracked = true;
  /** Set while LMDB may hold rows: then a row that is not known here may be there. */
  mayBeElsewhere = false;
  readonly #tables: readonly MemtableTable[];
  readonly #shards: ShardMap;
  readonly #makeRoom: () => void;
  readonly #present: OpenChunk = { chunk: 0, end: 0, limit: 0 };
  /** Of generation 0: rows that were restored or moved. */
  readonly #copies: OpenChunk = { chunk: 0, end: 0, limit: 0 };
  /** Of generation 0: rows that were read from LMDB, and are there. */
  readonly #cached: OpenChunk = { chunk: 0, end: 0, limit: 0 };
  /** Of generation 0: tombstones of rows that LMDB has. */
  readonly #graves: OpenChunk = { chunk: 0, end: 0, limit: 0 };
  /** Of the row that was last looked for: its shard, and its slot, or -1. */
  #shard: MemtableShard;
  #slot = -1;

  /** `tables`: by number, the owner adds to it; `makeRoom`: before a chunk is taken, may free some, and move rows. */
  constructor(
    keyGroups: KeyGroupRange,
    budgetBytes: number,
    tables: readonly MemtableTable[],
    makeRoom: () => void,
  ) {
    this.arena = new ChunkArena(budgetBytes);
    this.#tables = tables;
    this.#shards = new ShardMap(keyGroups);
    this.#shard = this.#shards.of(keyGroups.start);
    this.#makeRoom = makeRoom;
  }

  /** Memory of the rows' chunks and of what finds them. */
  get usedBytes(): number {
    return this.arena.usedBytes + this.#shards.bytes;
  }

  get scan(): MemtableScan {
    return new MemtableScan(this.arena, this.#shards);
  }

  /** The ref of the row, deleted or not; 0 if it is not known here. */
  find(table: MemtableTable, row: RowKey): number {
    const shard = this.#shards.of(row.keyGroup);
    const { slots, mask } = shard.rows;
    const words = this.arena.words;
    const hash = (row.hash ^ table.salt) | 0;
    const word = table.word | row.keyGroup;
    const length = row.length;
    this.#shard = shard;
    let at = (hash << 1) & mask;
    for (;;) {
      const ref = slots[at + 1] ?? 0;
      if (ref === 0) break;
      if (
        slots[at] === hash &&
        words[ref + ROW_TABLE] === word &&
        words[ref + ROW_KEY_LENGTH] === length &&
        isKeyAt(words, ref + table.headerWords, row.words, length)
      ) {
        this.#slot = at;
        return ref;
      }
      at = (at + 2) & mask;
    }
    this.#slot = -1;
    return 0;
  }

  /** Reads the places of the rows in the index, and the heads of what is there; see StateTable.touch. */
  touch(table: MemtableTable, rows: RowBatch, count: number): number {
    return this.#shards.touch(rows, count, table.salt, this.arena.words);
  }

  /** Stores bytes[from, from + length) under the row. */
  put(table: MemtableTable, row: RowKey, bytes: Uint8Array, from: number, length: number): void {
    const size = table.headerWords + ((row.length + length + 3) >>> 2);
    if (this.#present.end + size > this.#present.limit) this.#openChunk(this.#present, size);
    const ref = this.find(table, row);
    if (ref === 0) {
      const fresh = this.mayBeElsewhere ? 0 : ROW_FRESH;
      this.#insert(table, row, this.#append(this.#present, table, row, size | fresh, bytes, from, length));
      return;
    }
    const { arena } = this;
    const words = arena.words;
    const chunk = ref >>> arena.chunkShift;
    const inPlace = arena.stamp[chunk] === this.generation;
    const room = words[ref + ROW_SIZE] ?? 0;
    if (inPlace && size <= (room & ROW_SIZE_MASK)) {
      if (words[ref + ROW_VALUE_LENGTH] === 0) arena.addTombstones(chunk, -(room & ROW_SIZE_MASK));
      words[ref + ROW_VALUE_LENGTH] = length + 1;
      copyBytes(bytes, from, arena.bytes, ((ref + table.headerWords) << 2) + row.length, length);
      return;
    }
    const fresh = inPlace ? room & ROW_FRESH : 0;
    this.#replace(ref, this.#append(this.#present, table, row, size | fresh, bytes, from, length));
  }

  /** 1: deleted; 0: it was known to be deleted; -1: the row is not known here. */
  delete(table: MemtableTable, row: RowKey): number {
    const size = table.headerWords + ((row.length + 3) >>> 2);
    if (this.#present.end + size > this.#present.limit) this.#openChunk(this.#present, size);
    const ref = this.find(table, row);
    if (ref === 0) return -1;
    const { arena } = this;
    const words = arena.words;
    if (words[ref + ROW_VALUE_LENGTH] === 0) return 0;
    const chunk = ref >>> arena.chunkShift;
    const room = words[ref + ROW_SIZE] ?? 0;
    if (arena.stamp[chunk] !== this.generation) {
      this.#replace(ref, this.#append(this.#present, table, row, size, NOTHING, 0, -1));
    } else if ((room & ROW_FRESH) !== 0) {
      this.#unlink(ref, this.#slot);
    } else {
      words[ref + ROW_VALUE_LENGTH] = 0;
      arena.addTombstones(chunk, room & ROW_SIZE_MASK);
    }
    return 1;
  }

  /** A change, of a row that may exist elsewhere; length -1 deletes it. */
  adopt(table: MemtableTable, row: RowKey, bytes: Uint8Array, from: number, length: number): void {
    this.#take(this.#present, table, row, bytes, from, length);
  }

  /** Takes over a row of a checkpoint; length -1 deletes it. It is no change that a checkpoint would have to hold. */
  restore(table: MemtableTable, row: RowKey, bytes: Uint8Array, from: number, length: number): void {
    if (length < 0 && !this.mayBeElsewhere && this.find(table, row) === 0) return;
    this.#take(this.#copies, table, row, bytes, from, length);
  }

  /** Remembers a row that was read from LMDB, of the first `length` bytes of `value`. Returns its ref. */
  cache(table: MemtableTable, row: RowKey, value: Uint8Array, length: number): number {
    return this.#take(this.#cached, table, row, value, 0, length);
  }

  /** Ends the present generation and begins the next. Returns the chunks of the ended one, in order. */
  freeze(): ChunkList {
    this.#close(this.#present);
    const frozen = this.chunks;
    for (const { chunk } of frozen.inMemory()) this.arena.stamp[chunk] = 0;
    this.chunks = new ChunkList();
    this.generation++;
    this.#isTracked = true;
    return frozen;
  }

  /** Until the next freeze, after which every row is written, nobody wants to know what has changed. */
  leaveChanges(): void {
    this.#isTracked = false;
    this.chunks = new ChunkList();
  }

  /** No row will be added to any of the chunks there are. */
  closeAll(): void {
    this.#close(this.#copies);
    this.#close(this.#cached);
    this.#close(this.#graves);
  }

  /** The chunks' changes are in a completed checkpoint, or need not be in any. */
  settle(chunk: number): void {
    this.arena.generation[chunk] = 0;
    this.freeIfUnused(chunk);
  }

  unpin(chunk: number): void {
    this.arena.addPin(chunk, -1);
    this.freeIfUnused(chunk);
  }

  freeIfUnused(chunk: number): void {
    const { arena } = this;
    if (arena.live[chunk] !== 0 || arena.state[chunk] !== ChunkState.FULL) return;
    if (arena.generation[chunk] === 0 && arena.pins[chunk] === 0) arena.free(chunk);
  }

  /**
   * Moves the chunk's latest rows into another and frees it. A tombstone goes, unless `isStored` says that LMDB has
   * the row: then it is moved into a chunk of such tombstones, which is due to be written. `isStored` is not asked
   * while LMDB holds nothing. The chunk must be full, unpinned and of generation 0.
   */
  compact(chunk: number, isStored: (table: MemtableTable, ref: number) => boolean): void {
    const { arena } = this;
    const { words } = arena;
    this.moves++;
    arena.addPin(chunk, 1);
    this.#eachLatest(chunk, (ref, table) => {
      const slot = this.#slot;
      const isTombstone = words[ref + ROW_VALUE_LENGTH] === 0;
      if (isTombstone && !(this.mayBeElsewhere && isStored(table, ref))) {
        this.#unlink(ref, slot);
        return;
      }
      // Of a tombstone nothing of the room that its value had.
      const size = isTombstone
        ? table.headerWords + (((words[ref + ROW_KEY_LENGTH] ?? 0) + 3) >>> 2)
        : (words[ref + ROW_SIZE] ?? 0) & ROW_SIZE_MASK;
      const open = isTombstone ? this.#graves : this.#copies;
      if (open.end + size > open.limit) this.#openChunk(open, size);
      const moved = open.end;
      words.copyWithin(moved, ref, ref + size);
      words[moved + ROW_SIZE] = size;
      this.#appended(open, size, isTombstone);
      this.#slot = slot;
      this.#replace(ref, moved);
    });
    this.unpin(chunk);
  }

  /** Forgets the chunk's rows, which are elsewhere, and frees it. Conditions as for {@link compact}. */
  drop(chunk: number): void {
    this.moves++;
    this.arena.addPin(chunk, 1);
    this.#eachLatest(chunk, (ref) => this.#unlink(ref, this.#slot));
    this.unpin(chunk);
  }

  /** Visits the chunk's rows that are the latest version, each as the one that was last looked for and found. */
  #eachLatest(chunk: number, visit: (ref: number, table: MemtableTable) => void): void {
    const { words, bytes } = this.arena;
    visitLatestRows({ arena: this.arena, tables: this.#tables }, chunk, (ref, table) => {
      const hash = rowHash(bytes, (ref + table.headerWords) << 2, words[ref + ROW_KEY_LENGTH] ?? 0);
      this.#shard = this.#shards.of((words[ref + ROW_TABLE] ?? 0) & 0xffff);
      this.#slot = this.#shard.rows.slotOf((hash ^ table.salt) | 0, ref);
      invariant(this.#slot >= 0, 'the latest version of a row is in the index', { ref, chunk });
      visit(ref, table);
    });
  }

  #take(
    open: OpenChunk,
    table: MemtableTable,
    row: RowKey,
    bytes: Uint8Array,
    from: number,
    length: number,
  ): number {
    const size = table.headerWords + ((row.length + Math.max(length, 0) + 3) >>> 2);
    if (open.end + size > open.limit) this.#openChunk(open, size);
    const known = this.find(table, row);
    const ref = this.#append(open, table, row, size, bytes, from, length);
    if (known === 0) this.#insert(table, row, ref);
    else this.#replace(known, ref);
    return ref;
  }

  /** Writes a row where there is room for it; length -1 makes it a tombstone. `size` may have ROW_FRESH. */
  #append(
    open: OpenChunk,
    table: MemtableTable,
    row: RowKey,
    size: number,
    bytes: Uint8Array,
    from: number,
    length: number,
  ): number {
    const { words, bytes: into } = this.arena;
    const ref = open.end;
    const keyLength = row.length;
    words[ref + ROW_TABLE] = table.word | row.keyGroup;
    words[ref + ROW_KEY_LENGTH] = keyLength;
    words[ref + ROW_VALUE_LENGTH] = length + 1;
    words[ref + ROW_REPLACED] = 0;
    words[ref + ROW_SIZE] = size;
    if (table.ordered) words[ref + ROW_PREFIX_LENGTH] = row.prefixLength;
    const start = (ref + table.headerWords) << 2;
    copyBytes(row.bytes, 0, into, start, keyLength);
    if (length > 0) copyBytes(bytes, from, into, start + keyLength, length);
    this.#appended(open, size & ROW_SIZE_MASK, length < 0);
    return ref;
  }

  #appended(open: OpenChunk, size: number, isTombstone: boolean): void {
    const { arena } = this;
    open.end += size;
    arena.addLive(open.chunk, size);
    if (isTombstone) arena.addTombstones(open.chunk, size);
  }

  /** The row that was last looked for, and not found, is now known. */
  #insert(table: MemtableTable, row: RowKey, ref: number): void {
    const hash = (row.hash ^ table.salt) | 0;
    this.#shard.rows.insert(hash, ref);
    if (row.prefixLength > 0 && table.ordered) {
      this.#shard.addPrefixed(ref, hash, this.arena, this.#tables);
    }
  }

  /** A new version takes the place of the row that was last looked for, and found. */
  #replace(old: number, made: number): void {
    this.#shard.rows.slots[this.#slot + 1] = made;
    this.#retire(old);
  }

  /** The row in this slot of `#shard` is not known any more. */
  #unlink(ref: number, slot: number): void {
    const { words } = this.arena;
    const table = this.#tables[(words[ref + ROW_TABLE] ?? 0) >>> 16];
    if (table?.ordered && words[ref + ROW_PREFIX_LENGTH] !== 0) this.#shard.prefixedRows--;
    this.#shard.rows.remove(slot);
    this.#retire(ref);
  }

  #retire(ref: number): void {
    const { arena } = this;
    const { words } = arena;
    const chunk = ref >>> arena.chunkShift;
    const size = (words[ref + ROW_SIZE] ?? 0) & ROW_SIZE_MASK;
    words[ref + ROW_REPLACED] = this.generation;
    arena.addLive(chunk, -size);
    if (words[ref + ROW_VALUE_LENGTH] === 0) arena.addTombstones(chunk, -size);
    if (arena.live[chunk] === 0) this.freeIfUnused(chunk);
  }

  /** Closes the chunk and opens one with room for a row of `size` words. */
  #openChunk(open: OpenChunk, size: number): void {
    this.#close(open);
    this.#makeRoom();
    // Rows that had to move may have opened the chunk already.
    if (open.end + size <= open.limit) return;
    this.#close(open);
    const { arena } = this;
    const chunk = arena.takeFor(size);
    open.chunk = chunk;
    open.end = chunk << arena.chunkShift;
    // Behind a row of several chunks nothing follows: it would begin in another chunk than the one that counts it.
    open.limit = open.end + Math.max(size, arena.chunkWords);
    if (open === this.#present) {
      arena.stamp[chunk] = this.generation;
      if (!this.#isTracked) return;
      arena.generation[chunk] = this.generation;
      this.chunks.add({ chunk, spill: 0 });
    } else if (open === this.#cached) {
      arena.persistence[chunk] = ChunkPersistence.WRITTEN;
    } else if (open === this.#graves) {
      arena.persistence[chunk] = ChunkPersistence.DUE;
    }
  }

  #close(open: OpenChunk): void {
    const { chunk } = open;
    if (chunk === 0) return;
    this.arena.end[chunk] = open.end - (chunk << this.arena.chunkShift);
    this.arena.state[chunk] = ChunkState.FULL;
    open.chunk = open.end = open.limit = 0;
    this.freeIfUnused(chunk);
  }
}

const NOTHING = new Uint8Array(0);
