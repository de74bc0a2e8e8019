import { invariant, StateRow } from '../../core/internal.js';
import type { ChunkArena } from './chunk-arena.js';
import { InlineKeys, type SlotMemory } from './inline-keys.js';
import { PAGE_SHIFT, type SlotGeometry } from './inline-layout.js';
import { ChunkState } from './memtable-layout.js';
import { RegionDirectory } from './region-directory.js';
import type { SlotStamps } from './slot-stamps.js';

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
 * - the generation of a page is at least that of every slot in it.
 */
export class InlineRegions {
  readonly directory: RegionDirectory;
  readonly keys: InlineKeys;
  readonly #arena: ChunkArena;
  readonly #geometry: SlotGeometry;
  readonly #stamps: SlotStamps;
  /** By chunk. */
  readonly #taken: Int32Array;
  /** What a region was. */
  readonly #scratch: SlotMemory;
  readonly #row = new StateRow();

  /** There must be a free chunk. */
  constructor(arena: ChunkArena, geometry: SlotGeometry, stamps: SlotStamps) {
    this.#arena = arena;
    this.#geometry = geometry;
    this.#stamps = stamps;
    this.#taken = new Int32Array(arena.chunkCount);
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
    let stays = 0;
    const base = this.directory.slotsOf(chunk);
    for (let at = base; at < base + slotCount * slotWords; at += slotWords) {
      const meta = words[at] ?? 0;
      if (meta !== 0 && !this.#stamps.isNothing(meta)) stays++;
    }
    return stays * 16 <= slotCount * LEFT_OF_16;
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
    return chunk;
  }

  /** Lays the rows of a region out anew, in it and in the one that it was divided with. */
  #layOut(chunk: number, other: number): void {
    const { words, pages, chunkWords, chunkShift } = this.#arena;
    const start = chunk << chunkShift;
    const { slotWords, slotCount } = this.#geometry;
    const { entries, shift } = this.directory;
    const old = this.#scratch.words;
    const row = this.#row;
    old.set(words.subarray(start, start + chunkWords));
    this.#clear(start);
    this.#taken[chunk] = 0;
    for (let from = 0; from < slotCount * slotWords; from += slotWords) {
      const meta = old[from] ?? 0;
      if (meta === 0 || this.#stamps.isNothing(meta)) continue;
      this.keys.read(this.#scratch, from, row);
      const { hash } = row;
      const base = entries[hash >>> shift] ?? 0;
      const into = base >>> chunkShift;
      invariant(into === chunk || into === other, 'a row stays in its region or goes to the new one');
      let slot = ((hash & 0xffff) * slotCount) >>> 16;
      while (words[base + slot * slotWords] !== 0) slot = slot + 1 === slotCount ? 0 : slot + 1;
      const at = base + slot * slotWords;
      for (let i = 0; i < slotWords; i++) words[at + i] = old[from + i] ?? 0;
      this.#taken[into] = (this.#taken[into] ?? 0) + 1;
      const page = at >>> PAGE_SHIFT;
      const generation = this.#stamps.generationOf(meta);
      if ((pages[page] ?? 0) < generation) pages[page] = generation;
    }
  }

  /** Makes all slots of a region empty. */
  #clear(start: number): void {
    const { words, pages, chunkWords } = this.#arena;
    words.fill(0, start, start + chunkWords);
    pages.fill(0, start >> PAGE_SHIFT, (start + chunkWords) >> PAGE_SHIFT);
  }
}
