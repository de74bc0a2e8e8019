import { type ByteReader, type ByteWriter, invariant, type RowKey, rowHash } from '../../core/internal.js';
import type { ChunkArena } from './chunk-arena.js';
import {
  KEY_GROUP_BYTES,
  KEY_GROUP_SHIFT,
  LINE_WORDS,
  PAGE_SLOTS_SHIFT,
  SLOT_FRESH,
  SLOT_GONE,
  SLOT_KEY,
  SLOT_LENGTH_MASK,
  SLOT_LENGTH_SHIFT,
  SLOT_STAMP_MASK,
  SLOT_STAMP_SHIFT,
  SLOT_USED,
  STAMP_MAX,
} from './inline-layout.js';
import type { InlineSnapshot } from './inline-snapshot.js';
import { ChunkState } from './memtable-layout.js';
import { RegionDirectory } from './region-directory.js';
import { copyBytes } from './row-bytes.js';

/** A region of which more than so many of 16 slots are taken is divided. */
const TAKEN_OF_16 = 13;

/**
 * An imported constant is read from its module, and looked at, each time it is used; one of this file is a number
 * in the machine code. The hot path therefore has its own names for what the layout says.
 */
const KEY = SLOT_KEY;
const GONE = SLOT_GONE;
const STAMP = SLOT_STAMP_MASK;
const USED = SLOT_USED;
const LENGTH_SHIFT = SLOT_LENGTH_SHIFT;
const USED_AND_LENGTH = SLOT_USED | SLOT_LENGTH_MASK;
const STAMP_AND_GONE = SLOT_STAMP_MASK | SLOT_GONE;
const GROUP_SHIFT = KEY_GROUP_SHIFT;

/** A region that would be left with fewer of 16 slots taken is only laid out anew. */
const LEFT_OF_16 = 10;

export interface InlineTableHost {
  /** Whether the table may take a chunk. May give up regions of this table. */
  makeRoom(): boolean;
  /** Takes over the row in a slot of a region that is given up. `dirty`: it is in no completed checkpoint. */
  evacuate(table: InlineTable, at: number, dirty: boolean): void;
}

/**
 * A table whose rows have short keys and a small value of fixed size: extendible hashing over regions
 * (inline-layout.ts). A region that is full is divided in two, so growing never takes longer than one region,
 * whatever the size of the state.
 *
 * A row changes in place, and its slot remembers the generation. A snapshot reads the slots at its leisure;
 * who changes a slot that a snapshot still has to read lets it save the slot first.
 *
 * Rows of regions that were given up are not here any more, and never come back.
 *
 * Invariants:
 * - between the slot of a row's hash and its own no slot is empty; at least a quarter of a region's are;
 * - rows never move but by `#layOut`, before which every snapshot has read the region;
 * - `#last` is 0 or a slot of a region that is in use.
 *
 * hot path: {@link find}, {@link get}, {@link put} (bench/scenarios/keyed-count).
 */
export class InlineTable {
  readonly number: number;
  readonly arena: ChunkArena;
  // Numbers begin as numbers, and so are small integers for good: a field that was undefined may be anything.
  readonly keyWords: number = 0;
  /** Longer keys are not for this table. */
  readonly keyBytesMax: number = 0;
  readonly valueBytes: number = 0;
  readonly slotWords: number = 0;
  readonly slotCount: number = 0;
  /** Words of a region before its slots, and of a slot before its value. */
  readonly headWords: number = 0;
  readonly valueWord: number = 0;
  readonly directory: RegionDirectory;
  /** Changes up to this generation are in a completed checkpoint. */
  completedGeneration = 0;
  /** Snapshots that have not read every region yet. */
  readonly snapshots: InlineSnapshot[] = [];
  readonly #words: Int32Array;
  readonly #chunkShift: number = 0;
  /** Words of all slots of a region. */
  readonly #slotsWords: number = 0;
  /** Whether the second word of the key has the key group in it. */
  readonly #isShort: boolean;
  #generation = 0;
  /** Stamps are generations less this. */
  #base = 0;
  /** The stamp of the present generation, in its place. */
  #stamp = 0;
  readonly #host: InlineTableHost;
  /** By chunk: slots of the region that are not empty. */
  readonly #taken: Int32Array;
  readonly #scratch: Int32Array;
  readonly #scratchBytes: Uint8Array;
  /** The slot that was last found. */
  #last = 0;

  /** There must be a free chunk. */
  constructor(
    number: number,
    arena: ChunkArena,
    sizes: { readonly keyBytes: number; readonly valueBytes: number },
    generation: number,
    host: InlineTableHost,
  ) {
    this.number = number;
    this.arena = arena;
    this.keyWords = Math.max(2, (sizes.keyBytes + KEY_GROUP_BYTES + 3) >> 2);
    this.keyBytesMax = this.keyWords * 4 - KEY_GROUP_BYTES;
    this.valueBytes = sizes.valueBytes;
    this.valueWord = SLOT_KEY + this.keyWords;
    this.slotWords = this.valueWord + ((sizes.valueBytes + 3) >> 2);
    const pages = (Math.floor(arena.chunkWords / this.slotWords) >> PAGE_SLOTS_SHIFT) + 1;
    this.headWords = Math.ceil(pages / LINE_WORDS) * LINE_WORDS;
    this.slotCount = Math.floor((arena.chunkWords - this.headWords) / this.slotWords);
    this.#words = arena.words;
    this.#chunkShift = arena.chunkShift;
    this.#slotsWords = this.slotCount * this.slotWords;
    this.#isShort = this.keyWords === 2;
    this.#base = generation - 1;
    this.advance(generation);
    this.#host = host;
    this.#taken = new Int32Array(arena.chunkCount);
    this.#scratch = new Int32Array(arena.chunkWords);
    this.#scratchBytes = new Uint8Array(this.#scratch.buffer);
    this.directory = new RegionDirectory(arena.chunkCount, this.#newRegion());
  }

  /** Chunks of the regions in use. */
  regions(): number[] {
    return this.directory.regions();
  }

  get usedBytes(): number {
    return this.regions().length * this.arena.chunkWords * 4;
  }

  /** Word of the first slot of a region. */
  slotsOf(chunk: number): number {
    return (chunk << this.arena.chunkShift) + this.headWords;
  }

  /** Rows changed from now on belong to this generation. */
  advance(generation: number): void {
    if (generation - this.#base > STAMP_MAX) this.#takeLaterBase();
    invariant(generation - this.#base <= STAMP_MAX, 'checkpoints complete now and then', { generation });
    this.#generation = generation;
    this.#stamp = (generation - this.#base) << SLOT_STAMP_SHIFT;
  }

  /** The generation in which a row last changed, from word 0 of its slot; 0: see inline-layout.ts. */
  generationOf(meta: number): number {
    const stamp = meta >>> SLOT_STAMP_SHIFT;
    return stamp === 0 ? 0 : stamp + this.#base;
  }

  keyGroupOf(at: number): number {
    return (this.#words[at + this.keyWords] ?? 0) >>> GROUP_SHIFT;
  }

  /** {@link find} for a row that has probably just been found: nothing is looked for then. */
  #findAgain(row: RowKey): number {
    const words = this.#words;
    const last = this.#last;
    const { length } = row;
    const isLast =
      words[last + KEY] === row.word0 &&
      words[last + KEY + 1] === this.#secondWord(row) &&
      length <= 8 &&
      ((words[last] ?? 0) & USED_AND_LENGTH) === ((length << LENGTH_SHIFT) | USED);
    return isLast ? last : this.find(row);
  }

  /** What the second word of the row's key is in a slot. */
  #secondWord(row: RowKey): number {
    return this.#isShort ? row.word1 | (row.keyGroup << GROUP_SHIFT) : row.word1;
  }

  /** The slot of the row; minus the empty slot where it would be; 0 if it does not belong here. */
  find(row: RowKey): number {
    const words = this.#words;
    const { word0, length, hash } = row;
    const word1 = this.#secondWord(row);
    const region = this.directory.regionOf(hash);
    if (region === 0 || length > this.keyBytesMax) return 0;
    const usedAndLength = (length << LENGTH_SHIFT) | USED;
    const slotWords = this.slotWords;
    const base = (region << this.#chunkShift) + this.headWords;
    let at = (base + Math.imul(Math.imul(hash & 0xffff, this.slotCount) >>> 16, slotWords)) | 0;
    for (;;) {
      const meta = words[at] ?? 0;
      if (
        words[at + KEY] === word0 &&
        words[at + KEY + 1] === word1 &&
        (meta & USED_AND_LENGTH) === usedAndLength &&
        (length <= 8 || this.#hasRest(at, row))
      ) {
        this.#last = at;
        return at;
      }
      if (meta === 0) return -at;
      at = (at + slotWords) | 0;
      if (at === base + this.#slotsWords) at = base;
    }
  }

  /** 1: there is such a row, and `into` points at its value; -1: there is none; 0: it does not belong here. */
  get(row: RowKey, into: ByteReader): number {
    const at = this.find(row);
    if (at === 0) return 0;
    if (at < 0 || ((this.#words[at] ?? 0) & GONE) !== 0) return -1;
    const start = (at + this.valueWord) << 2;
    const end = start + this.valueBytes;
    const { bytes } = this.arena;
    if (into.bytes === bytes) {
      into.position = start;
      into.limit = end;
    } else {
      into.pointAt(bytes, this.arena.view, start, end);
    }
    return 1;
  }

  /** Stores the value that begins in the writer at `from`. False: the row does not belong here after all. */
  put(row: RowKey, value: ByteWriter, from: number): boolean {
    const words = this.#words;
    let at = this.#findAgain(row);
    if (at > 0) {
      if (((words[at] ?? 0) & STAMP_AND_GONE) !== this.#stamp) this.#touch(at);
    } else {
      if (at < 0) at = this.#insert(row, -at, this.#generation);
      if (at === 0) return false;
    }
    const start = at + this.valueWord;
    const { valueBytes } = this;
    if (valueBytes === 4) {
      words[start] = value.view.getInt32(from, true);
    } else if (valueBytes === 8) {
      words[start] = value.view.getInt32(from, true);
      words[start + 1] = value.view.getInt32(from + 4, true);
    } else {
      copyBytes(value.bytes, from, this.arena.bytes, start << 2, valueBytes);
    }
    return true;
  }

  /** 1: deleted; -1: there was none; 0: it does not belong here. */
  delete(row: RowKey): number {
    const at = this.#findAgain(row);
    const { words } = this.arena;
    if (at === 0) return 0;
    if (at < 0 || ((words[at] ?? 0) & SLOT_GONE) !== 0) return -1;
    if (((words[at] ?? 0) & STAMP) !== this.#stamp) this.#touch(at);
    words[at] = (words[at] ?? 0) | SLOT_GONE;
    return 1;
  }

  /** Takes over a row of a checkpoint. False: as {@link put}. */
  restore(row: RowKey, value: Uint8Array | undefined, from: number): boolean {
    let at = this.find(row);
    if (at < 0) {
      if (value === undefined) return true;
      at = this.#insert(row, -at, 0);
    }
    if (at === 0) return false;
    const { words, bytes } = this.arena;
    const meta = (words[at] ?? 0) & ~(SLOT_FRESH | SLOT_GONE | SLOT_STAMP_MASK);
    // Deleted again by a later file: it came and went.
    words[at] = value === undefined ? meta | SLOT_FRESH | SLOT_GONE : meta;
    const start = (at + this.valueWord) << 2;
    if (value !== undefined) bytes.set(value.subarray(from, from + this.valueBytes), start);
    return true;
  }

  /** Gives the rows of a region to the host. */
  giveUp(chunk: number): void {
    this.#beforeMove(chunk);
    this.directory.giveUp(chunk);
    const { words } = this.arena;
    const base = this.slotsOf(chunk);
    for (let at = base; at < base + this.slotCount * this.slotWords; at += this.slotWords) {
      const meta = words[at] ?? 0;
      if (meta === 0 || this.#isNothing(meta)) continue;
      this.#host.evacuate(this, at, this.generationOf(meta) > this.completedGeneration);
    }
    this.arena.free(chunk);
  }

  /**
   * The row is written, and was deleted or has not changed in this generation yet: then a snapshot may still want
   * what it was.
   */
  #touch(at: number): void {
    const words = this.#words;
    const meta = words[at] ?? 0;
    if ((meta & STAMP) === this.#stamp) {
      words[at] = meta & ~GONE;
      return;
    }
    for (let i = 0; i < this.snapshots.length; i++) this.snapshots[i]?.save(at);
    const fresh = this.#isNothing(meta) ? SLOT_FRESH : 0;
    words[at] = (meta & ~(STAMP_AND_GONE | SLOT_FRESH)) | fresh | this.#stamp;
    this.#touchPage(at);
  }

  /** Whether there is no such row, neither here nor in any checkpoint that may still be restored. */
  #isNothing(meta: number): boolean {
    if ((meta & SLOT_GONE) === 0) return false;
    return (meta & SLOT_FRESH) !== 0 || this.generationOf(meta) <= this.completedGeneration;
  }

  /** Stamps are running out: those that make no difference any more become 0, and the others smaller. */
  #takeLaterBase(): void {
    let base = this.completedGeneration;
    for (const { since, until } of this.snapshots) base = Math.min(base, since < 0 ? until : since);
    const words = this.#words;
    for (const chunk of this.regions()) {
      const start = this.slotsOf(chunk);
      for (let at = start; at < start + this.#slotsWords; at += this.slotWords) {
        const meta = words[at] ?? 0;
        const stamp = Math.max(0, this.generationOf(meta) - base);
        words[at] = (meta & ~SLOT_STAMP_MASK) | (stamp << SLOT_STAMP_SHIFT);
      }
    }
    this.#base = base;
  }

  /** The slot of the new row, with its key, or 0 if it does not belong here any more. */
  #insert(row: RowKey, empty: number, generation: number): number {
    const { arena } = this;
    const { words, bytes } = arena;
    let at = empty;
    let chunk = at >>> arena.chunkShift;
    while (((this.#taken[chunk] ?? 0) + 1) * 16 > this.slotCount * TAKEN_OF_16) {
      this.#grow(chunk);
      at = -this.find(row);
      if (at === 0) return 0;
      chunk = at >>> arena.chunkShift;
    }
    const stamp = generation === 0 ? 0 : this.#stamp;
    words[at] = stamp | (row.length << SLOT_LENGTH_SHIFT) | SLOT_USED | SLOT_FRESH;
    words[at + SLOT_KEY] = row.word0;
    words[at + SLOT_KEY + 1] = row.word1;
    if (!this.#isShort) {
      const start = (at + SLOT_KEY) << 2;
      bytes.fill(0, start + 8, start + this.keyBytesMax);
      const key = row.bytes;
      for (let i = 8; i < row.length; i++) bytes[start + i] = key[i] ?? 0;
      words[at + this.keyWords] = (words[at + this.keyWords] ?? 0) & 0xffff;
    }
    words[at + this.keyWords] = (words[at + this.keyWords] ?? 0) | (row.keyGroup << KEY_GROUP_SHIFT);
    this.#taken[chunk] = (this.#taken[chunk] ?? 0) + 1;
    this.#touchPage(at);
    this.#last = at;
    return at;
  }

  #touchPage(at: number): void {
    const { words, chunkShift } = this.arena;
    const start = (at >>> chunkShift) << chunkShift;
    const slot = Math.floor((at - start - this.headWords) / this.slotWords);
    words[start + (slot >> PAGE_SLOTS_SHIFT)] = this.#generation;
  }

  /** Makes room in a region: by leaving out what is nothing, by dividing it, or by giving it up. */
  #grow(chunk: number): void {
    const { words } = this.arena;
    let stays = 0;
    const base = this.slotsOf(chunk);
    for (let at = base; at < base + this.slotCount * this.slotWords; at += this.slotWords) {
      const meta = words[at] ?? 0;
      if (meta !== 0 && !this.#isNothing(meta)) stays++;
    }
    if (stays * 16 <= this.slotCount * LEFT_OF_16) {
      this.#layOut(chunk, chunk);
      return;
    }
    const mayTake = this.#host.makeRoom();
    if (!this.directory.isInUse(chunk)) return;
    if (!mayTake || !this.directory.canDivide(chunk)) {
      this.giveUp(chunk);
      return;
    }
    const other = this.#newRegion();
    this.directory.divide(chunk, other);
    this.#layOut(chunk, other);
  }

  #newRegion(): number {
    const chunk = this.arena.take(1);
    invariant(chunk > 0, 'there is a free chunk for a region of a table');
    this.arena.state[chunk] = ChunkState.TABLE;
    const start = chunk << this.arena.chunkShift;
    this.arena.words.fill(0, start, start + this.arena.chunkWords);
    this.#taken[chunk] = 0;
    return chunk;
  }

  /** Lays the rows of a region out anew, in it and in the one that it was divided with. */
  #layOut(chunk: number, other: number): void {
    this.#beforeMove(chunk);
    const { words, chunkWords, chunkShift } = this.arena;
    const start = chunk << chunkShift;
    const { slotWords, slotCount, headWords } = this;
    const old = this.#scratch;
    old.set(words.subarray(start, start + chunkWords));
    words.fill(0, start, start + chunkWords);
    this.#taken[chunk] = 0;
    for (let from = headWords; from < headWords + slotCount * slotWords; from += slotWords) {
      const meta = old[from] ?? 0;
      if (meta === 0 || this.#isNothing(meta)) continue;
      const length = (meta & SLOT_LENGTH_MASK) >> SLOT_LENGTH_SHIFT;
      const hash = rowHash(this.#scratchBytes, (from + SLOT_KEY) << 2, length);
      const into = this.directory.regionOf(hash);
      invariant(into === chunk || into === other, 'a row stays in its region or goes to the new one');
      const base = this.slotsOf(into);
      let slot = ((hash & 0xffff) * slotCount) >>> 16;
      while (words[base + slot * slotWords] !== 0) slot = slot + 1 === slotCount ? 0 : slot + 1;
      const at = base + slot * slotWords;
      for (let i = 0; i < slotWords; i++) words[at + i] = old[from + i] ?? 0;
      this.#taken[into] = (this.#taken[into] ?? 0) + 1;
      const page = (into << chunkShift) + (slot >> PAGE_SLOTS_SHIFT);
      const generation = this.generationOf(meta);
      if ((words[page] ?? 0) < generation) words[page] = generation;
    }
  }

  #beforeMove(chunk: number): void {
    this.#last = 0;
    for (const snapshot of this.snapshots) snapshot.saveRegion(chunk);
  }

  #hasRest(at: number, row: RowKey): boolean {
    const { bytes } = this.arena;
    const start = (at + SLOT_KEY) << 2;
    const key = row.bytes;
    for (let i = 8; i < row.length; i++) if (bytes[start + i] !== key[i]) return false;
    return true;
  }
}
