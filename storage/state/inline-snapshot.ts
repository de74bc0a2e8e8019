import {
  PAGE_SLOTS_SHIFT,
  SLOT_FRESH,
  SLOT_GONE,
  SLOT_KEY,
  SLOT_LENGTH_MASK,
  SLOT_LENGTH_SHIFT,
} from './inline-layout.js';
import type { InlineTable } from './inline-table.js';
import { RowBlockWriter } from './row-block-writer.js';

/** Numbers of table and key group below this take at most two bytes. */
const SHORT_NUMBER_END = 1 << 14;

/**
 * Reads what an inline table was when this was made, while the table goes on changing: rows of the
 * generations (since, until], or with `since` -1 all that existed.
 *
 * Invariant: a row that was to be read at the freeze has been read, is saved, or still lies unchanged in a
 * slot at or after the cursor, in a region that is to be read.
 */
export class InlineSnapshot {
  readonly #table: InlineTable;
  readonly since: number;
  readonly until: number;
  /** By chunk: 1 while it is to be read. */
  readonly #unread: Uint8Array;
  readonly #regions: readonly number[];
  /** Place in `#regions`, and slot, up to which all is read. */
  #index = 0;
  #slot = 0;
  /** Rows that somebody had to save. */
  #saving = new RowBlockWriter();
  #saved: Uint8Array[] = [];

  constructor(table: InlineTable, since: number, until: number) {
    this.#table = table;
    this.since = since;
    this.until = until;
    this.#regions = table.regions();
    this.#unread = new Uint8Array(table.arena.chunkCount);
    for (const chunk of this.#regions) this.#unread[chunk] = 1;
    table.snapshots.push(this);
  }

  /** The slot is about to change. */
  save(at: number): void {
    const { arena } = this.#table;
    const chunk = at >>> arena.chunkShift;
    if (this.#unread[chunk] !== 1) return;
    if (chunk === this.#regions[this.#index] && at < this.#wordOf(chunk, this.#slot)) return;
    this.#emit(at, this.#saving);
    if (this.#saving.isFull) this.#closeSaved();
  }

  /** The slots of the region are about to move. */
  saveRegion(chunk: number): void {
    if (this.#unread[chunk] !== 1) return;
    const from = chunk === this.#regions[this.#index] ? this.#slot : 0;
    for (let slot = from; slot < this.#table.slotCount; slot++) {
      this.#emit(this.#wordOf(chunk, slot), this.#saving);
      if (this.#saving.isFull) this.#closeSaved();
    }
    this.#unread[chunk] = 0;
  }

  /** Reads on until the block is full. True if all is read. */
  read(block: RowBlockWriter): boolean {
    const { arena, slotCount, slotWords } = this.#table;
    for (; this.#index < this.#regions.length; this.#index++, this.#slot = 0) {
      const chunk = this.#regions[this.#index] ?? 0;
      if (this.#unread[chunk] !== 1) continue;
      const pages = chunk << arena.chunkShift;
      while (this.#slot < slotCount) {
        const page = this.#slot >> PAGE_SLOTS_SHIFT;
        const pageEnd = Math.min(slotCount, (page + 1) << PAGE_SLOTS_SHIFT);
        if ((arena.words[pages + page] ?? 0) <= this.since) {
          this.#slot = pageEnd;
          continue;
        }
        // A page exceeds the block by little; it is read in one go.
        if (block.isFull) return false;
        const end = this.#wordOf(chunk, pageEnd);
        for (let at = this.#wordOf(chunk, this.#slot); at < end; at += slotWords) this.#emit(at, block);
        this.#slot = pageEnd;
      }
      this.#unread[chunk] = 0;
    }
    return true;
  }

  /** Takes the rows that were saved so far. */
  takeSaved(): readonly Uint8Array[] {
    this.#closeSaved();
    const saved = this.#saved;
    this.#saved = [];
    return saved;
  }

  /** Nothing more is to be saved. */
  end(): void {
    const at = this.#table.snapshots.indexOf(this);
    if (at >= 0) this.#table.snapshots.splice(at, 1);
  }

  #closeSaved(): void {
    if (this.#saving.isEmpty) return;
    this.#saved.push(this.#saving.take().slice());
  }

  #wordOf(chunk: number, slot: number): number {
    return this.#table.slotsOf(chunk) + slot * this.#table.slotWords;
  }

  #emit(at: number, block: RowBlockWriter): void {
    const table = this.#table;
    const { words, bytes } = table.arena;
    const meta = words[at] ?? 0;
    const generation = table.stamps.generationOf(meta);
    if (meta === 0 || generation > this.until || generation <= this.since) return;
    const gone = (meta & SLOT_GONE) !== 0;
    if (gone && (this.since < 0 || (meta & SLOT_FRESH) !== 0)) return;
    const length = (meta & SLOT_LENGTH_MASK) >> SLOT_LENGTH_SHIFT;
    const keyGroup = table.keyGroupOf(at);
    if (!gone && (table.number | keyGroup) < SHORT_NUMBER_END) {
      const value = at + table.valueWord;
      block.addShortRow(table.number, keyGroup, words, at + SLOT_KEY, length, value, table.valueBytes);
      return;
    }
    const start = (at + SLOT_KEY) << 2;
    const value = (at + table.valueWord) << 2;
    block.beginRow(table.number, keyGroup, length, -1);
    if (gone) block.endDeletedRow(bytes, start, length);
    else block.endRow(bytes, start, length, bytes, value, table.valueBytes);
  }
}
