import { StateRow } from '../../core/internal.js';
import { PAGE_SHIFT, SLOT_FRESH, SLOT_GONE } from './inline-layout.js';
import type { InlineTable } from './inline-table.js';
import { RowBlockWriter } from './row-block-writer.js';
import { BLOCK_BYTES } from './row-file-layout.js';
import type { SavedBlocks, SavedQueue } from './saved-blocks.js';

/** To begin with: a freeze, for which all records wait, does not touch the memory of a whole block. */
const SAVING_BYTES = 4096;

/**
 * Reads what an inline table was when this was made, while the table goes on changing: rows of the
 * generations (since, until], or with `since` -1 all that existed. The first change to a page after that lets this
 * save the page, so that the changes that follow cost nothing more. Regions are read in the order of memory, and
 * making this costs the same whatever their number.
 *
 * Invariants:
 * - a region is to be read while it is in use as it was laid out in no later generation than `until`;
 * - a row that was to be read at the freeze has been read, is saved, or lies unchanged in a page of no later
 *   generation than `until`, at or after the cursor, in a region that is to be read; or `#saved` has failed, and
 *   nothing more is given out.
 */
export class InlineSnapshot {
  readonly since: number;
  readonly until: number;
  readonly #table: InlineTable;
  /** All chunks before this one, and pages of it before `#page`, are read. */
  #chunk = 0;
  #page = 0;
  readonly #pageCount: number;
  /** Rows of pages that had to be saved. */
  readonly #saving = new RowBlockWriter(BLOCK_BYTES, SAVING_BYTES);
  readonly #saved: SavedQueue;
  readonly #row = new StateRow();

  /** Changes belong to a later generation than `until` from now on. */
  constructor(table: InlineTable, since: number, until: number, saved: SavedBlocks) {
    this.#table = table;
    this.#saved = saved.queue();
    this.since = since;
    this.until = until;
    this.#pageCount = table.arena.chunkWords >> PAGE_SHIFT;
    table.snapshots.push(this);
  }

  /** Something in the page of this slot is about to change, for the first time in the present generation. */
  save(at: number): void {
    const { chunkShift } = this.#table.arena;
    const chunk = at >>> chunkShift;
    const page = (at - (chunk << chunkShift)) >> PAGE_SHIFT;
    if (page >= this.#firstPage(chunk)) this.#savePage(chunk, page);
  }

  /** The slots of the region are about to move: it is laid out anew, or given up, before anything else. */
  saveRegion(chunk: number): void {
    for (let page = this.#firstPage(chunk); page < this.#pageCount; page++) this.#savePage(chunk, page);
  }

  /** Reads on until the block is full. True if all is read. @throws what kept rows from being saved */
  read(block: RowBlockWriter): boolean {
    this.#saved.mustBeWhole();
    const { arena } = this.#table;
    for (; this.#chunk < arena.limit; this.#chunk++, this.#page = 0) {
      const chunk = this.#chunk;
      if (!this.#table.directory.isInUse(chunk)) continue;
      for (let page = this.#firstPage(chunk); page < this.#pageCount; page++) {
        this.#page = page;
        // A page exceeds the block by little; it is read in one go.
        if (block.isFull) return false;
        this.#emitPage(chunk, page, block);
      }
    }
    return true;
  }

  /** Of a region in use: the first page that is to be read, or the number of pages if there is none. */
  #firstPage(chunk: number): number {
    if (chunk < this.#chunk || (this.#table.layout.laidOut[chunk] ?? 0) > this.until) return this.#pageCount;
    return chunk === this.#chunk ? this.#page : 0;
  }

  /** Takes a block of the rows that were saved so far; undefined if all are taken. @throws as {@link read} */
  takeSaved(): Uint8Array | undefined {
    const block = this.#saved.shift();
    if (block !== undefined || this.#saving.isEmpty) return block;
    return this.#saving.take().slice();
  }

  /** Nothing more is to be saved, and what is not taken is not wanted. */
  end(): void {
    this.#saved.clear();
    const at = this.#table.snapshots.indexOf(this);
    if (at >= 0) this.#table.snapshots.splice(at, 1);
  }

  #savePage(chunk: number, page: number): void {
    this.#emitPage(chunk, page, this.#saving);
    if (this.#saving.isFull) this.#saved.push(this.#saving.take());
  }

  /** A page of a later generation was saved before it became that. */
  #emitPage(chunk: number, page: number, block: RowBlockWriter): void {
    const { number, arena, slotWords, slotCount, stamps, isOfInt32s } = this.#table;
    const start = chunk << arena.chunkShift;
    const generation = arena.pages[(start >> PAGE_SHIFT) + page] ?? 0;
    if (generation <= this.since || generation > this.until) return;
    const first = Math.ceil((page << PAGE_SHIFT) / slotWords);
    const end = Math.min(slotCount, Math.ceil(((page + 1) << PAGE_SHIFT) / slotWords));
    const after = stamps.stampOf(this.since);
    const until = stamps.stampOf(this.until);
    const to = start + end * slotWords;
    for (let at = start + first * slotWords; at < to; at += slotWords) {
      if (isOfInt32s) at = block.addInt32Slots(number, arena.words, at, to, after, until);
      if (at < to) this.#emit(at, block);
    }
  }

  #emit(at: number, block: RowBlockWriter): void {
    const { number, arena, stamps, keys, valueWord, valueBytes } = this.#table;
    const meta = arena.words[at] ?? 0;
    const generation = stamps.generationOf(meta);
    if (meta === 0 || generation > this.until || generation <= this.since) return;
    const gone = (meta & SLOT_GONE) !== 0;
    if (gone && (this.since < 0 || (meta & SLOT_FRESH) !== 0)) return;
    const row = this.#row;
    keys.read(arena, at, row);
    block.beginRow(number, row.keyGroup, row.length, -1);
    if (gone) block.endDeletedRow(row.bytes, 0, row.length);
    else block.endRow(row.bytes, 0, row.length, arena.bytes, (at + valueWord) << 2, valueBytes);
  }
}
