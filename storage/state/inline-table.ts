import type { ByteReader, ByteWriter, RowKey } from '../../core/internal.js';
import type { ChunkArena } from './chunk-arena.js';
import {
  KEY_GROUP_SHIFT,
  SLOT_FRESH,
  SLOT_GONE,
  SLOT_KEY,
  SLOT_LENGTH_MASK,
  SLOT_LENGTH_SHIFT,
  SLOT_STAMP_MASK,
  SLOT_USED,
  slotGeometry,
} from './inline-layout.js';
import { InlineRegions } from './inline-regions.js';
import type { InlineSnapshot } from './inline-snapshot.js';
import type { RegionDirectory } from './region-directory.js';
import { copyBytes } from './row-bytes.js';
import { SlotStamps } from './slot-stamps.js';

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
 * - rows never move but when a region makes room, before which every snapshot has read it;
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
  /** Words of a slot before its value. */
  readonly valueWord: number = 0;
  readonly directory: RegionDirectory;
  readonly stamps: SlotStamps;
  /** Snapshots that have not read every region yet. */
  readonly snapshots: InlineSnapshot[] = [];
  readonly #words: Int32Array;
  /** Words of all slots of a region. */
  readonly #slotsWords: number = 0;
  /** The bits of the key group that are in the second word of the key: all, if it is the last, or none. */
  readonly #groupBits: number = 0;
  /** That of the present generation. */
  #stamp = 0;
  readonly #host: InlineTableHost;
  readonly #regions: InlineRegions;
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
    const geometry = slotGeometry(sizes.keyBytes, sizes.valueBytes, arena.chunkWords);
    this.keyWords = geometry.keyWords;
    this.keyBytesMax = geometry.keyBytesMax;
    this.valueBytes = sizes.valueBytes;
    this.valueWord = geometry.valueWord;
    this.slotWords = geometry.slotWords;
    this.slotCount = geometry.slotCount;
    this.#words = arena.words;
    this.#slotsWords = this.slotCount * this.slotWords;
    this.#groupBits = this.keyWords === 2 ? -1 << KEY_GROUP_SHIFT : 0;
    this.stamps = new SlotStamps(generation);
    this.#stamp = this.stamps.present;
    this.#host = host;
    this.#regions = new InlineRegions(arena, geometry, this.stamps);
    this.directory = this.#regions.directory;
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
    return this.directory.slotsOf(chunk);
  }

  /** Rows changed from now on belong to this generation. */
  advance(generation: number): void {
    if (this.stamps.wantsLaterBase(generation)) this.#takeLaterBase();
    this.stamps.advance(generation);
    this.#stamp = this.stamps.present;
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
    return row.word1 | ((row.keyGroup << GROUP_SHIFT) & this.#groupBits);
  }

  /** The slot of the row; minus the empty slot where it would be; 0 if it does not belong here. */
  find(row: RowKey): number {
    const words = this.#words;
    const { length, hash } = row;
    const base = this.directory.slotsOfHash(hash);
    if (base === 0 || length > this.keyBytesMax) return 0;
    const at = (base + Math.imul(Math.imul(hash & 0xffff, this.slotCount) >>> 16, this.slotWords)) | 0;
    if (
      words[(at + KEY) | 0] === row.word0 &&
      words[(at + KEY + 1) | 0] === this.#secondWord(row) &&
      ((words[at] ?? 0) & USED_AND_LENGTH) === ((length << LENGTH_SHIFT) | USED) &&
      length <= 8
    ) {
      this.#last = at;
      return at;
    }
    return this.#probe(row, base, at);
  }

  /** {@link find} from the slot of the row's hash on. Most rows never come here. */
  #probe(row: RowKey, base: number, first: number): number {
    const words = this.#words;
    const { word0, length } = row;
    const word1 = this.#secondWord(row);
    const usedAndLength = (length << LENGTH_SHIFT) | USED;
    const { slotWords } = this;
    const end = base + this.#slotsWords;
    for (let at = first; ; ) {
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
      if (at === end) at = base;
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
    const at = this.#slotToWrite(row);
    if (at === 0) return false;
    const words = this.#words;
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

  /** The value, a number of 32 bits, of the row in this slot; undefined if it is deleted. */
  int32At(at: number): number | undefined {
    const words = this.#words;
    if (((words[at] ?? 0) & GONE) !== 0) return undefined;
    return words[at + this.valueWord];
  }

  /** {@link put} of a value that is a number of 32 bits. Returns the slot, or 0 if the row does not belong here. */
  putInt32(row: RowKey, value: number): number {
    const at = this.#slotToWrite(row);
    if (at !== 0) this.#words[at + this.valueWord] = value;
    return at;
  }

  /** The slot of the row, made if need be, as one of the present generation; 0: the row does not belong here. */
  #slotToWrite(row: RowKey): number {
    const at = this.#findAgain(row);
    if (at <= 0) return at === 0 ? 0 : this.#insert(row, -at, this.#stamp);
    if (((this.#words[at] ?? 0) & STAMP_AND_GONE) !== this.#stamp) this.#touch(at);
    return at;
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
      if (meta === 0 || this.stamps.isNothing(meta)) continue;
      this.#host.evacuate(this, at, this.stamps.generationOf(meta) > this.stamps.completedGeneration);
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
    const fresh = this.stamps.isNothing(meta) ? SLOT_FRESH : 0;
    words[at] = (meta & ~(STAMP_AND_GONE | SLOT_FRESH)) | fresh | this.#stamp;
    this.#regions.touchPage(at);
  }

  /** Stamps are running out: those that make no difference any more become 0, and the others smaller. */
  #takeLaterBase(): void {
    let base = this.stamps.completedGeneration;
    for (const { since, until } of this.snapshots) base = Math.min(base, since < 0 ? until : since);
    this.#regions.restamp(base);
  }

  /** The slot of the new row, with its key, or 0 if it does not belong here any more. */
  #insert(row: RowKey, empty: number, stamp: number): number {
    const { arena } = this;
    const { words, bytes } = arena;
    let at = empty;
    let chunk = at >>> arena.chunkShift;
    while (this.#regions.isCrowded(chunk)) {
      this.#grow(chunk);
      at = -this.find(row);
      if (at === 0) return 0;
      chunk = at >>> arena.chunkShift;
    }
    words[at] = stamp | (row.length << SLOT_LENGTH_SHIFT) | SLOT_USED | SLOT_FRESH;
    words[at + SLOT_KEY] = row.word0;
    words[at + SLOT_KEY + 1] = row.word1;
    if (this.keyWords > 2) {
      const start = (at + SLOT_KEY) << 2;
      bytes.fill(0, start + 8, start + this.keyBytesMax);
      const key = row.bytes;
      for (let i = 8; i < row.length; i++) bytes[start + i] = key[i] ?? 0;
      // What is left of a row that was here goes: the key group is added to this word.
      words[at + this.keyWords] = (words[at + this.keyWords] ?? 0) & 0xffff;
    }
    words[at + this.keyWords] = (words[at + this.keyWords] ?? 0) | (row.keyGroup << KEY_GROUP_SHIFT);
    this.#regions.take(at);
    this.#last = at;
    return at;
  }

  /** Makes room in a region: by leaving out what is nothing, by dividing it, or by giving it up. */
  #grow(chunk: number): void {
    if (this.#regions.isWorthSweeping(chunk)) {
      this.#beforeMove(chunk);
      this.#regions.sweep(chunk);
      return;
    }
    const mayTake = this.#host.makeRoom();
    if (!this.directory.isInUse(chunk)) return;
    if (!mayTake || !this.directory.canDivide(chunk)) {
      this.giveUp(chunk);
      return;
    }
    this.#beforeMove(chunk);
    this.#regions.divide(chunk);
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
