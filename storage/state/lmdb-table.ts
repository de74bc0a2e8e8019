import {
  ByteReader,
  ByteWriter,
  invariant,
  type RowBatch,
  RowForm,
  type RowKey,
  type RowVisitor,
  StateRow,
  type StateTable,
  type TableOptions,
} from '../../core/internal.js';
import { INLINE_KEY_BYTES_MAX, INLINE_VALUE_BYTES_MAX, SLOT_GONE } from './inline-layout.js';
import type { InlineTable } from './inline-table.js';
import type { LmdbHome } from './lmdb-home.js';
import { LmdbTableScan, type MemoryRow, memoryRows, storedValue } from './lmdb-table-scan.js';
import type { MemoryReclaimer } from './memory-reclaimer.js';
import type { Memtable } from './memtable.js';
import { ROW_KEY_LENGTH, ROW_VALUE_LENGTH } from './memtable-layout.js';
import { MemtableTable } from './memtable-table.js';
import { compareBytes, copyBytes } from './row-bytes.js';
import type { FileRow } from './row-file-reader.js';

/** hot path: a constant of this file is part of the machine code, an imported one is not. */
const INT = RowForm.INT;

/** Less than this lies near to the processor for good: what a core has for itself, and more on most machines. */
const CACHE_BYTES = 2 * 1024 * 1024;

/** A value longer than this costs more than an array to hold it. */
const COPIED_BYTES = 1024;

/** What the tables of a store share. */
export interface LmdbTableHost {
  readonly memtable: Memtable;
  readonly reclaimer: MemoryReclaimer;
  readonly home: LmdbHome;
  /** An inline table for rows like this one, or undefined if there is no room for one. */
  createInline(number: number, first: RowKey, valueBytes: number): InlineTable | undefined;
}

/**
 * One table of the LMDB store. A row is looked for in the inline table, if its table has one and its key fits;
 * otherwise in the memtable, and if that does not know it, in LMDB.
 *
 * Invariant: every row is in exactly one of the first two, or in neither; what they say stands over LMDB.
 */
export class LmdbTable implements StateTable {
  readonly options: TableOptions;
  readonly rows: MemtableTable;
  private readonly host: LmdbTableHost;
  private inline: InlineTable | undefined = undefined;
  /** The same, if it is one of integers by integers. */
  private ints: InlineTable | undefined = undefined;
  /** Whether the first row may still decide that there is an inline table. */
  private mayInline: boolean;
  /** Of the row that is being restored, and of one that is evacuated, perhaps in the middle of that. */
  private readonly restored = new StateRow();
  private readonly evacuated = new StateRow();
  /** Of a row that was read from LMDB. */
  private readonly copied = new Uint8Array(COPIED_BYTES);
  /** Of an int32 that is in no inline table. */
  private readonly reader = new ByteReader();
  private readonly writer = new ByteWriter(4);

  constructor(name: string, number: number, options: TableOptions, host: LmdbTableHost) {
    const { ordered, fixedValueBytes } = options;
    this.options = options;
    this.rows = new MemtableTable(name, number, ordered);
    this.host = host;
    this.mayInline = !ordered && fixedValueBytes > 0 && fixedValueBytes <= INLINE_VALUE_BYTES_MAX;
  }

  get(row: RowKey, into: ByteReader): boolean {
    if (this.inline !== undefined) {
      const found = this.inline.get(row, into);
      if (found !== 0) return found > 0;
    }
    const { memtable, reclaimer, home } = this.host;
    let ref = memtable.find(this.rows, row);
    if (ref === 0) {
      if (!reclaimer.hasDropped) return false;
      const { rows } = this;
      const stored = home.rows.get(rows.number, row.keyGroup, row.bytes.subarray(0, row.length));
      if (stored === undefined) return false;
      ref = this.cache(row, storedValue(rows, stored));
    }
    const { arena } = memtable;
    const length = (arena.words[ref + ROW_VALUE_LENGTH] ?? 0) - 1;
    if (length < 0) return false;
    const start = ((ref + this.rows.headerWords) << 2) + (arena.words[ref + ROW_KEY_LENGTH] ?? 0);
    into.pointAt(arena.bytes, arena.view, start, start + length);
    return true;
  }

  put(row: RowKey, value: ByteWriter, from: number): void {
    if (this.mayInline) this.decideInline(row);
    if (this.inline?.put(row, value, from)) {
      if (value.position - from !== this.inline.valueBytes) this.refuseSize(value.position - from);
      return;
    }
    this.host.memtable.put(this.rows, row, value.bytes, from, value.position - from);
  }

  getInt32(row: RowKey): number | undefined {
    const { ints } = this;
    if (ints === undefined || row.form !== INT) return this.findInt32(row);
    return ints.int32AtHome(row) ?? this.findInt32(row);
  }

  putInt32(row: RowKey, value: number): void {
    const { ints } = this;
    if (ints === undefined || row.form !== INT || !ints.putInt32Again(row, value))
      this.storeInt32(row, value);
  }

  get isLarge(): boolean {
    return (this.inline?.layout.reservedBytes ?? this.host.memtable.arena.usedBytes) > CACHE_BYTES;
  }

  touch(rows: RowBatch, count: number): number {
    const { inline } = this;
    if (inline === undefined) return this.host.memtable.touch(this.rows, rows, count);
    return inline.layout.touch(rows.hashes, count);
  }

  /** Copied first: what LMDB shows is gone when room has been made for it. A small one without making an array. */
  private cache(row: RowKey, value: Uint8Array): number {
    const { length } = value;
    let { copied } = this;
    if (length > copied.length) copied = value.slice();
    else copyBytes(value, 0, copied, 0, length);
    return this.host.memtable.cache(this.rows, row, copied, length);
  }

  private findInt32(row: RowKey): number | undefined {
    const inline = this.inline;
    if (inline !== undefined) {
      const at = inline.find(row);
      if (at !== 0) return at > 0 ? inline.int32At(at) : undefined;
    }
    const reader = this.reader;
    return this.get(row, reader) ? reader.view.getInt32(reader.position, true) : undefined;
  }

  private storeInt32(row: RowKey, value: number): void {
    const { ints } = this;
    // Found by the short way, it is the last that was found.
    if (ints !== undefined && row.form === INT && ints.int32AtHome(row) !== undefined) {
      if (ints.putInt32Again(row, value)) return;
    }
    if (this.inline?.putInt32(row, value)) return;
    const writer = this.writer;
    writer.view.setInt32(0, value, true);
    writer.position = 4;
    this.put(row, writer, 0);
  }

  delete(row: RowKey): boolean {
    if (this.inline !== undefined) {
      const deleted = this.inline.delete(row);
      if (deleted !== 0) return deleted > 0;
    }
    const { memtable, reclaimer, home } = this.host;
    const deleted = memtable.delete(this.rows, row);
    if (deleted >= 0) return deleted === 1;
    if (!reclaimer.hasDropped) return false;
    const key = row.bytes.subarray(0, row.length);
    if (home.rows.get(this.rows.number, row.keyGroup, key) === undefined) return false;
    memtable.adopt(this.rows, row, NOTHING, 0, -1);
    return true;
  }

  scan(prefix: RowKey, visit: RowVisitor): void {
    invariant(this.options.ordered, 'only an ordered table is scanned by prefix', { table: this.rows.name });
    const { scan } = this.host.memtable;
    new LmdbTableScan(this.host, this.rows, prefix.keyGroup, prefix.bytes.slice(0, prefix.length), () =>
      memoryRows(scan, this.rows, scan.refsOf(this.rows, prefix)),
    ).visit(visit);
  }

  scanKeyGroup(keyGroup: number, visit: RowVisitor): void {
    const { scan } = this.host.memtable;
    new LmdbTableScan(this.host, this.rows, keyGroup, NOTHING, () => {
      const rows = memoryRows(scan, this.rows, scan.refsOfKeyGroup(this.rows, keyGroup));
      if (this.inline === undefined) return rows;
      rows.push(...this.inlineRows(this.inline, keyGroup));
      return rows.sort((a, b) => compareBytes(a.key, 0, a.key.length, b.key, 0, b.key.length));
    }).visit(visit);
  }

  /** Takes over a row of a checkpoint. */
  restore(row: FileRow): void {
    const key = this.restored;
    key.setTo(row.keyGroup, row.bytes.subarray(row.keyStart, row.keyStart + row.keyLength));
    key.prefixLength = row.prefixLength;
    if (this.mayInline) this.decideInline(key);
    const value = row.valueLength < 0 ? undefined : row.bytes;
    if (this.inline?.restore(key, value, row.valueStart)) return;
    this.host.memtable.restore(this.rows, key, row.bytes, row.valueStart, row.valueLength);
  }

  /** Takes over the row in a slot of its inline table, which gives up the region. */
  evacuate(inline: InlineTable, at: number, dirty: boolean): void {
    const { words, bytes } = inline.arena;
    const meta = words[at] ?? 0;
    const row = this.evacuated;
    inline.keys.read(inline.arena, at, row);
    const valueLength = (meta & SLOT_GONE) !== 0 ? -1 : inline.valueBytes;
    const value = (at + inline.valueWord) << 2;
    if (dirty) this.host.memtable.adopt(this.rows, row, bytes, value, valueLength);
    else this.host.memtable.restore(this.rows, row, bytes, value, valueLength);
  }

  private decideInline(first: RowKey): void {
    this.mayInline = false;
    if (first.length > INLINE_KEY_BYTES_MAX) return;
    this.inline = this.host.createInline(this.rows.number, first, this.options.fixedValueBytes);
    this.ints = this.inline?.isOfInt32s ? this.inline : undefined;
  }

  private inlineRows(inline: InlineTable, keyGroup: number): MemoryRow[] {
    const { words, bytes } = inline.arena;
    const found: MemoryRow[] = [];
    const row = new StateRow();
    for (const chunk of inline.regions()) {
      const base = inline.slotsOf(chunk);
      for (let slot = 0; slot < inline.slotCount; slot++) {
        const at = base + slot * inline.slotWords;
        const meta = words[at] ?? 0;
        if (meta === 0 || (meta & SLOT_GONE) !== 0) continue;
        if (inline.keys.groupOf(inline.arena, at) !== keyGroup) continue;
        inline.keys.read(inline.arena, at, row);
        const value = (at + inline.valueWord) << 2;
        found.push({
          key: row.bytes.slice(0, row.length),
          value: bytes.subarray(value, value + inline.valueBytes),
        });
      }
    }
    return found;
  }

  private refuseSize(bytes: number): never {
    const { rows, options } = this;
    invariant(false, 'every value of this table has the same size', {
      table: rows.name,
      bytes,
      declared: options.fixedValueBytes,
    });
  }
}

const NOTHING = new Uint8Array(0);
