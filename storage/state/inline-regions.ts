import { intRowHash, invariant, murmurOfInt, RowForm, StateRow } from '../../core/internal.js';
import type { ChunkArena } from './chunk-arena.js';
import { InlineKeys, type SlotMemory } from './inline-keys.js';
import { PAGE_SHIFT, SLOT_GONE, SLOT_KEY, SLOT_STAMP_SHIFT, type SlotGeometry } from './inline-layout.js';
import { ChunkState } from './memtable-layout.js';
import { RegionDirectory } from './region-directory.js';
import type { SlotStamps } from './slot-stamps.js';

/** hot path: as in inline-table.ts, a constant of this file is part of the machine code. */
const INT = RowForm.INT;
const KEY = SLOT_KEY;
const GONE = SLOT_GONE;
const STAMP_SHIFT = SLOT_STAMP_SHIFT;
const PAGE = PAGE_SHIFT;
const imul = Math.imul;
const hashOfInt = murmurOfInt;
const hashOfRow = intRowHash;

/** A region of which more than so many of 16 slots are taken is crowded. */
const TAKEN_OF_16 = 13;

/** A region that would be left with fewer of 16 slots taken is only laid out anew. */
const LEFT_OF_16 = 10;

/**
 * The regions of an inline table as they lie in memory (inline-layout.ts). Which snapshots still have to read them
 * is for the table to see.
 *
 * Invariants:
 * - `#taken` counts the slots that are not empty;
 * - `laidOut` is the generation in which the slots of a region took their places, and before which nobody may want
 *   to read it where they are;
 * - the generation of a page is at least that of every slot in it;
 * - a page with a mark is of the present generation.
 */
export class InlineRegions {
  readonly directory: RegionDirectory;
  readonly keys: InlineKeys;
  readonly #arena: ChunkArena;
  readonly #geometry: SlotGeometry;
  readonly #stamps: SlotStamps;
  /** By chunk. */
  readonly #taken: Int32Array;
  /** By chunk. */
  readonly laidOut: Int32Array;
  /** What a region was. */
  readonly #scratch: SlotMemory;
  readonly #row = new StateRow();

  /** There must be a free chunk. */
  constructor(arena: ChunkArena, geometry: SlotGeometry, stamps: SlotStamps) {
    this.#arena = arena;
    this.#geometry = geometry;
    this.#stamps = stamps;
    this.#taken = new Int32Array(arena.chunkCount);
    this.laidOut = new Int32Array(arena.chunkCount);
    const words = new Int32Array(arena.chunkWords);
    this.#scratch = { words, bytes: new Uint8Array(words.buffer) };
    this.keys = new InlineKeys(geometry);
    this.directory = new RegionDirectory(arena.chunkCount, arena.chunkShift, this.#newRegion());
  }

  /** Whether a region has to make room before it takes one more row. */
  isCrowded(chunk: number): boolean {
    return ((this.#taken[chunk] ?? 0) + 1) * 16 > this.#geometry.slotCount * TAKEN_OF_16;
  }

  /** An empty slot has been taken. */
  take(at: number): void {
    const chunk = at >>> this.#arena.chunkShift;
    this.#taken[chunk] = (this.#taken[chunk] ?? 0) + 1;
  }

  /** Whether leaving out what is nothing makes room enough. */
  isWorthSweeping(chunk: number): boolean {
    const { words } = this.#arena;
    const { slotWords, slotCount } = this.#geometry;
    const base = this.directory.slotsOf(chunk);
    let room = Math.floor((slotCount * LEFT_OF_16) / 16);
    for (let at = base; at < base + slotCount * slotWords; at += slotWords) {
      const meta = words[at] ?? 0;
      if (meta === 0 || ((meta & GONE) !== 0 && this.#stamps.isNothing(meta))) continue;
      if (--room < 0) return false;
    }
    return true;
  }

  /** Gives half of the region's hashes to a new one. There must be a free chunk, and nobody who wants the region. */
  divide(chunk: number): void {
    const other = this.#newRegion();
    this.directory.divide(chunk, other);
    this.#layOut(chunk, other);
  }

  /** Leaves out what is nothing. Nobody may want the region as it was. */
  sweep(chunk: number): void {
    this.#layOut(chunk, chunk);
  }

  /** At least what the regions in use take, bytes, and at most a few times that. */
  get reservedBytes(): number {
    return this.directory.entries.length * this.#arena.chunkWords * 4;
  }

  /** Reads the slots of these hashes; see StateTable.touch. hot path. */
  touch(hashes: Int32Array, count: number): number {
    const { words } = this.#arena;
    const { slotWords, slotCount } = this.#geometry;
    const { entries, shift } = this.directory;
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i] ?? 0;
      const slot = imul(hash & 0xffff, slotCount) >>> 16;
      const at = (entries[hash >>> shift] ?? 0) + imul(slot, slotWords);
      seen ^= words[at] ?? 0;
    }
    return seen;
  }

  /** The page is of the present generation from now on. */
  markPage(page: number): void {
    const { pages, pageMarks } = this.#arena;
    pages[page] = this.#stamps.generation;
    pageMarks[page >>> 5] = (pageMarks[page >>> 5] ?? 0) | (1 << page);
  }

  /** There is a new generation, of which no page is yet. */
  unmarkPages(): void {
    const { pageMarks, limit, chunkWords } = this.#arena;
    pageMarks.fill(0, 0, Math.ceil((limit * chunkWords) / (32 << PAGE)));
  }

  /** Gives every slot the stamp that it has from the base on. */
  restamp(base: number): void {
    const { words } = this.#arena;
    const { slotWords, slotCount } = this.#geometry;
    for (const chunk of this.directory.regions()) {
      const start = this.directory.slotsOf(chunk);
      for (let at = start; at < start + slotCount * slotWords; at += slotWords) {
        words[at] = this.#stamps.restamped(words[at] ?? 0, base);
      }
    }
    this.#stamps.takeBase(base);
  }

  #newRegion(): number {
    const chunk = this.#arena.take(1);
    invariant(chunk > 0, 'there is a free chunk for a region of a table');
    this.#arena.state[chunk] = ChunkState.TABLE;
    const start = chunk << this.#arena.chunkShift;
    this.#clear(start);
    this.#taken[chunk] = 0;
    this.laidOut[chunk] = this.#stamps.generation;
    return chunk;
  }

  /**
   * Lays the rows of a region out anew, in it and in the one that it was divided with. hot path: of a state that
   * grows, each row is laid out about twice.
   */
  #layOut(chunk: number, other: number): void {
    const { words, pages, chunkWords, chunkShift } = this.#arena;
    const start = chunk << chunkShift;
    const distance = (other - chunk) << chunkShift;
    const { slotWords, slotCount } = this.#geometry;
    const bit = this.directory.dividingBit(chunk);
    const stamps = this.#stamps;
    const old = this.#scratch.words;
    const isOfInts = this.keys.form === INT;
    const end = slotCount * slotWords;
    old.set(words.subarray(start, start + chunkWords));
    this.#clear(start);
    this.laidOut[chunk] = stamps.generation;
    let rows = 0;
    let left = 0;
    for (let from = 0; from < end; from += slotWords) {
      const meta = old[from] ?? 0;
      if (meta === 0 || ((meta & GONE) !== 0 && stamps.isNothing(meta))) continue;
      const hash = isOfInts ? hashOfRow(hashOfInt(old[from + KEY] ?? 0)) : this.#hashAt(from);
      // Without a branch, which every other row would take.
      const goes = (hash >>> bit) & 1;
      left += goes;
      rows++;
      const base = start + imul(goes, distance);
      let at = base + (((hash & 0xffff) * slotCount) >>> 16) * slotWords;
      while (words[at] !== 0) {
        at += slotWords;
        if (at === base + end) at = base;
      }
      for (let i = 0; i < slotWords; i++) words[at + i] = old[from + i] ?? 0;
      if (meta >>> STAMP_SHIFT === 0) continue;
      const page = at >>> PAGE;
      const generation = stamps.generationOf(meta);
      if ((pages[page] ?? 0) < generation) pages[page] = generation;
    }
    if (other === chunk) {
      this.#taken[chunk] = rows;
      return;
    }
    this.#taken[chunk] = rows - left;
    this.#taken[other] = left;
  }

  #hashAt(from: number): number {
    this.keys.read(this.#scratch, from, this.#row);
    return this.#row.hash;
  }

  /** Makes all slots of a region empty. */
  #clear(start: number): void {
    const { words, pages, pageMarks, chunkWords } = this.#arena;
    words.fill(0, start, start + chunkWords);
    const end = (start + chunkWords) >> PAGE_SHIFT;
    for (let page = start >> PAGE_SHIFT; page < end; page++) {
      pages[page] = 0;
      pageMarks[page >>> 5] = (pageMarks[page >>> 5] ?? 0) & ~(1 << page);
    }
  }
}
