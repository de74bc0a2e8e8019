import { type ByteReader, type ByteWriter, RowForm, type RowKey } from '../../core/internal.js';
import type { ChunkArena } from './chunk-arena.js';
import type { InlineKeys } from './inline-keys.js';
import {
  PAGE_SHIFT,
  SLOT_FRESH,
  SLOT_GONE,
  SLOT_KEY,
  SLOT_LENGTH_SHIFT,
  SLOT_STAMP_MASK,
  SLOT_USED,
  type SlotGeometry,
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
const INT = RowForm.INT;
const BYTES = RowForm.BYTES;
const KEY = SLOT_KEY;
const GONE = SLOT_GONE;
const STAMP = SLOT_STAMP_MASK;
const USED = SLOT_USED;
const USED_AND_GONE = SLOT_USED | SLOT_GONE;
/** Where the value of a slot of an integer is. */
const INT32_VALUE = SLOT_KEY + 2;
const STAMP_AND_GONE = SLOT_STAMP_MASK | SLOT_GONE;
const UNSTAMPED = ~(STAMP_AND_GONE | SLOT_FRESH);
const FRESH = SLOT_FRESH;
const PAGE = PAGE_SHIFT;
const MARK = PAGE_SHIFT + 5;
const imul = Math.imul;

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
 * who changes a page of slots for the first time after a freeze lets the snapshot save it first.
 *
 * Rows of regions that were given up are not here any more, and never come back.
 *
 * Invariants:
 * - between the slot of a row's hash and its own no slot is empty; at least a quarter of a region's are;
 * - rows never move but when a region makes room, before which every snapshot has read it;
 * - `last` is 0 or a slot of a region that is in use;
 * - `entries` and `shift` are the directory's.
 *
 * hot path: {@link get}, {@link put} and their like (bench/scenarios/keyed-count). Integers by integers have a short
 * way, for a row in the slot of its hash, or in the last one. It is inlined into the operator: with few instructions
 * between them, the next misses of the cache begin before the first has ended.
 */
export class InlineTable {
  // Declared without a value, which comes in the constructor: a field that was undefined first may hold anything for
  // good, as the compiler sees it, and what comes out of it is looked at each time.
  declare readonly number: number;
  declare readonly arena: ChunkArena;
  declare readonly keys: InlineKeys;
  declare readonly directory: RegionDirectory;
  declare readonly stamps: SlotStamps;
  /** Snapshots that have not read every region yet. */
  readonly snapshots: InlineSnapshot[] = [];
  declare readonly valueBytes: number;
  declare readonly slotWords: number;
  declare readonly slotCount: number;
  /** Words of a slot before its value. */
  declare readonly valueWord: number;
  /** Rows of another form, and longer ones, are not for this table. */
  declare private readonly form: RowForm;
  declare private readonly keyBytesMax: number;
  declare private readonly words: Int32Array;
  /** Words of all slots of a region. */
  declare private readonly slotsWords: number;
  declare private entries: Int32Array;
  declare private shift: number;
  /** What {@link homeOf} comes to where words and slots of a region are powers of two. */
  declare private readonly homeShift: number;
  declare private readonly homeMask: number;
  declare private readonly marks: Int32Array;
  /** That of the present generation. */
  private stamp = 0;
  declare private readonly host: InlineTableHost;
  declare readonly layout: InlineRegions;
  /** The slot that was last found. */
  private last = 0;

  /** For rows like the first one, whose values have `valueBytes` bytes. There must be a free chunk. */
  constructor(
    number: number,
    arena: ChunkArena,
    rows: { readonly first: RowKey; readonly valueBytes: number },
    generation: number,
    host: InlineTableHost,
  ) {
    this.number = number;
    this.arena = arena;
    const geometry: SlotGeometry = slotGeometry(rows.first, rows.valueBytes, arena.chunkWords);
    this.form = geometry.form;
    this.keyBytesMax = geometry.keyBytesMax;
    this.valueBytes = rows.valueBytes;
    this.valueWord = geometry.valueWord;
    this.slotWords = geometry.slotWords;
    this.slotCount = geometry.slotCount;
    this.words = arena.words;
    this.slotsWords = this.slotCount * this.slotWords;
    this.stamps = new SlotStamps(generation);
    this.marks = arena.pageMarks;
    this.homeMask = this.slotsWords - this.slotWords;
    this.homeShift = Math.clz32(this.slotsWords) - 15;
    this.stamp = this.stamps.present;
    this.host = host;
    this.layout = new InlineRegions(arena, geometry, this.stamps);
    this.keys = this.layout.keys;
    this.directory = this.layout.directory;
    this.entries = this.directory.entries;
    this.shift = this.directory.shift;
  }

  /** Chunks of the regions in use. */
  regions(): number[] {
    return this.directory.regions();
  }

  get usedBytes(): number {
    return this.directory.regionCount * this.arena.chunkWords * 4;
  }

  /** Word of the first slot of a region. */
  slotsOf(chunk: number): number {
    return this.directory.slotsOf(chunk);
  }

  /** Rows changed from now on belong to this generation. */
  advance(generation: number): void {
    if (this.stamps.wantsLaterBase(generation)) this.takeLaterBase();
    this.stamps.advance(generation);
    this.layout.unmarkPages();
    this.stamp = this.stamps.present;
  }

  /** Whether {@link int32AtHome} and {@link putInt32Again} are for this table. */
  get isOfInt32s(): boolean {
    return this.form === RowForm.INT && this.valueBytes === 4;
  }

  /** The slot of the row's hash; nothing that could be taken for a row, if its region was given up. */
  private homeOf(hash: number): number {
    const base = this.entries[hash >>> this.shift] ?? 0;
    return (base + imul(imul(hash & 0xffff, this.slotCount) >>> 16, this.slotWords)) | 0;
  }

  /** {@link find} for a row that has probably just been found: nothing is looked for then. */
  private findAgain(row: RowKey): number {
    const { last } = this;
    return this.isAt(last, row) ? last : this.find(row);
  }

  private isAt(at: number, row: RowKey): boolean {
    const { words, form } = this;
    const key = (at + KEY) | 0;
    if (((words[at] ?? 0) & USED) === 0 || row.form !== form) return false;
    if (form === BYTES) return this.keys.isAt(this.arena, at, row);
    return (
      words[key] === row.int &&
      (form === INT ||
        (words[key + 2] === row.startLow &&
          words[key + 4] === row.endLow &&
          words[key + 1] === row.startHigh &&
          words[key + 3] === row.endHigh))
    );
  }

  /** The slot of the row; minus the empty slot where it would be; 0 if it does not belong here. */
  find(row: RowKey): number {
    const { words, slotWords } = this;
    const base = this.entries[row.hash >>> this.shift] ?? 0;
    if (base === 0 || row.form !== this.form || row.length > this.keyBytesMax) return 0;
    const end = base + this.slotsWords;
    for (let at = this.homeOf(row.hash); ; ) {
      if (this.isAt(at, row)) {
        this.last = at;
        return at;
      }
      if (words[at] === 0) return -at;
      at = (at + slotWords) | 0;
      if (at === end) at = base;
    }
  }

  /** 1: there is such a row, and `into` points at its value; -1: there is none; 0: it does not belong here. */
  get(row: RowKey, into: ByteReader): number {
    const at = this.find(row);
    if (at === 0) return 0;
    if (at < 0 || ((this.words[at] ?? 0) & GONE) !== 0) return -1;
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
    const at = this.slotToWrite(row);
    if (at === 0) return false;
    const { words, valueBytes } = this;
    const { view } = value;
    const start = at + this.valueWord;
    const count = valueBytes >> 2;
    for (let i = 0; i < count; i++) words[start + i] = view.getInt32(from + (i << 2), true);
    const done = count << 2;
    if (done < valueBytes)
      copyBytes(value.bytes, from + done, this.arena.bytes, (start << 2) + done, valueBytes - done);
    return true;
  }

  /**
   * The value of a row of the form INT, if it is in the slot of its hash; undefined says nothing. Only if
   * {@link isOfInt32s}.
   */
  int32AtHome(row: RowKey): number | undefined {
    const { words } = this;
    const { hash } = row;
    const at = ((this.entries[hash >>> this.shift] ?? 0) + ((hash >>> this.homeShift) & this.homeMask)) | 0;
    if (words[(at + KEY) | 0] !== row.int || ((words[at] ?? 0) & USED_AND_GONE) !== USED) return undefined;
    this.last = at;
    return words[(at + INT32_VALUE) | 0];
  }

  /** The value, a number of 32 bits, of the row in this slot; undefined if it is deleted. */
  int32At(at: number): number | undefined {
    const words = this.words;
    if (((words[at] ?? 0) & GONE) !== 0) return undefined;
    return words[at + this.valueWord];
  }

  /**
   * {@link put} of a row of the form INT, if it was found last. False: nothing was done. Only if {@link isOfInt32s}.
   */
  putInt32Again(row: RowKey, value: number): boolean {
    const { words, last } = this;
    const meta = words[last] ?? 0;
    if (words[(last + KEY) | 0] !== row.int || (meta & USED) === 0) return false;
    if ((meta & STAMP_AND_GONE) !== this.stamp) this.stampAnew(last);
    words[(last + INT32_VALUE) | 0] = value;
    return true;
  }

  /** {@link put} of a value that is a number of 32 bits. False: the row does not belong here. */
  putInt32(row: RowKey, value: number): boolean {
    const at = this.slotToWrite(row);
    if (at === 0) return false;
    this.words[at + this.valueWord] = value;
    return true;
  }

  /** The slot of the row, made if need be, as one of the present generation; 0: the row does not belong here. */
  private slotToWrite(row: RowKey): number {
    const at = this.findAgain(row);
    if (at <= 0) return at === 0 ? 0 : this.insert(row, -at, this.stamp);
    if (((this.words[at] ?? 0) & STAMP_AND_GONE) !== this.stamp) this.stampAnew(at);
    return at;
  }

  /** 1: deleted; -1: there was none; 0: it does not belong here. */
  delete(row: RowKey): number {
    const at = this.findAgain(row);
    const { words } = this.arena;
    if (at === 0) return 0;
    if (at < 0 || ((words[at] ?? 0) & SLOT_GONE) !== 0) return -1;
    if (((words[at] ?? 0) & STAMP) !== this.stamp) this.stampAnew(at);
    words[at] = (words[at] ?? 0) | SLOT_GONE;
    return 1;
  }

  /** Takes over a row of a checkpoint. False: as {@link put}. */
  restore(row: RowKey, value: Uint8Array | undefined, from: number): boolean {
    let at = this.find(row);
    if (at < 0) {
      if (value === undefined) return true;
      at = this.insert(row, -at, 0);
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
    this.beforeMove(chunk);
    this.directory.giveUp(chunk);
    const { words } = this.arena;
    const base = this.slotsOf(chunk);
    for (let at = base; at < base + this.slotCount * this.slotWords; at += this.slotWords) {
      const meta = words[at] ?? 0;
      if (meta === 0 || this.stamps.isNothing(meta)) continue;
      this.host.evacuate(this, at, this.stamps.generationOf(meta) > this.stamps.completedGeneration);
    }
    this.arena.free(chunk);
  }

  /**
   * The row is written, and was deleted or has not changed in this generation yet: then a snapshot may still want
   * what it was.
   */
  private stampAnew(at: number): void {
    const { words } = this;
    const meta = words[at] ?? 0;
    if ((meta & STAMP) === this.stamp) {
      words[at] = meta & ~GONE;
      return;
    }
    this.touchPage(at);
    const fresh = (meta & GONE) !== 0 && this.stamps.isNothing(meta) ? FRESH : 0;
    words[at] = (meta & UNSTAMPED) | fresh | this.stamp;
  }

  /** Before a change in the page of the slot; the first one in this generation is what snapshots have to know. */
  private touchPage(at: number): void {
    if ((((this.marks[at >>> MARK] ?? 0) >>> (at >>> PAGE)) & 1) !== 0) return;
    for (let i = 0; i < this.snapshots.length; i++) this.snapshots[i]?.save(at);
    this.layout.markPage(at >>> PAGE);
  }

  /** Stamps are running out: those that make no difference any more become 0, and the others smaller. */
  private takeLaterBase(): void {
    let base = this.stamps.completedGeneration;
    for (const { since, until } of this.snapshots) base = Math.min(base, since < 0 ? until : since);
    this.layout.restamp(base);
  }

  /** The slot of the new row, with its key, or 0 if it does not belong here any more. */
  private insert(row: RowKey, empty: number, stamp: number): number {
    const { arena, words } = this;
    let at = empty;
    let chunk = at >>> arena.chunkShift;
    while (this.layout.isCrowded(chunk)) {
      this.grow(chunk);
      at = -this.find(row);
      if (at === 0) return 0;
      chunk = at >>> arena.chunkShift;
    }
    this.touchPage(at);
    words[at] = stamp | (row.length << SLOT_LENGTH_SHIFT) | SLOT_USED | SLOT_FRESH;
    this.keys.write(arena, at, row);
    this.layout.take(at);
    this.last = at;
    return at;
  }

  /** Makes room in a region: by leaving out what is nothing, by dividing it, or by giving it up. */
  private grow(chunk: number): void {
    if (this.layout.isWorthSweeping(chunk)) {
      this.beforeMove(chunk);
      this.layout.sweep(chunk);
      return;
    }
    const mayTake = this.host.makeRoom();
    if (!this.directory.isInUse(chunk)) return;
    if (!mayTake || !this.directory.canDivide(chunk)) {
      this.giveUp(chunk);
      return;
    }
    this.beforeMove(chunk);
    this.layout.divide(chunk);
    this.entries = this.directory.entries;
    this.shift = this.directory.shift;
  }

  private beforeMove(chunk: number): void {
    this.last = 0;
    for (const snapshot of this.snapshots) snapshot.saveRegion(chunk);
  }
}
