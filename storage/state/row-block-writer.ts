import {
  ByteWriter,
  encodeUtf8,
  INT_KEY_BYTES,
  intKeyWord0,
  intKeyWord1,
  writeVarint,
} from '../../core/internal.js';
import { KEY_GROUP_SHIFT, SLOT_GONE, SLOT_STAMP_SHIFT, SLOT_USED } from './inline-layout.js';
import { copyBytes } from './row-bytes.js';
import {
  BLOCK_BYTES,
  BLOCK_HEADER_BYTES,
  FORM,
  OF_FORM,
  ROW_FILE_FORMAT,
  ROW_FILE_MAGIC,
  type RowFileTable,
  TABLE_HEADER_BYTES,
  TABLE_ORDERED,
} from './row-file-layout.js';

/** Bytes of the number that may follow a value. */
export const TRAILER_BYTES = 4;

/** hot path: constants of this file are part of the machine code, imported ones are not. */
const GONE = SLOT_GONE;
const SLOT_USED_BIT = SLOT_USED;
const STAMP_SHIFT = SLOT_STAMP_SHIFT;
const GROUP_SHIFT = KEY_GROUP_SHIFT;
const FORM_NUMBER = FORM;
const OF_FORM_NUMBER = OF_FORM;
const word0Of = intKeyWord0;
const word1Of = intKeyWord1;

/** A row of an integer by an integer, of the declared form: that, the key group, the key, the value. */
const INT32_ROW_BYTES = 2 + INT_KEY_BYTES + 4;
const INT32_FORM_BYTES = 4;
const INT32_FORM = FORM | (INT_KEY_BYTES << 16) | ((4 + 1) << 24);
const INT32_SLOT_WORDS = 4;

/**
 * Fills one block of rows after the other (row-file-layout.ts).
 *
 * Order: `add…` until `isFull`, then `take`, whose bytes are valid until the next `add…`.
 */
export class RowBlockWriter {
  readonly #out: ByteWriter;
  #rows = 0;
  /** Whose form the block has declared, and no row of another since; or -1. */
  #formTable = -1;
  /** Where that has ended. */
  #formEnd = -1;
  readonly #limit: number;

  /**
   * @param limit size at which a block is full; it may be exceeded by one row
   * @param room bytes to begin with; more are taken as they are needed
   */
  constructor(limit: number = BLOCK_BYTES, room: number = BLOCK_BYTES + 4096) {
    this.#limit = limit;
    this.#out = new ByteWriter(room);
    this.#out.position = BLOCK_HEADER_BYTES;
  }

  get isFull(): boolean {
    return this.#out.position >= this.#limit;
  }

  get isEmpty(): boolean {
    return this.#rows === 0;
  }

  /** `prefixLength` is -1 in a table that is not ordered. */
  beginRow(table: number, keyGroup: number, keyLength: number, prefixLength: number): void {
    const out = this.#out;
    this.#formTable = -1;
    out.reserve(20);
    const bytes = out.bytes;
    const p = out.position;
    if (table < FORM_NUMBER && keyGroup < 0x80 && keyLength < 0x80) {
      bytes[p] = table;
      bytes[p + 1] = keyGroup;
      bytes[p + 2] = keyLength;
      out.position = p + 3;
    } else {
      writeVarint(table < FORM_NUMBER ? table : table + 2, out);
      writeVarint(keyGroup, out);
      writeVarint(keyLength, out);
    }
    if (prefixLength >= 0) writeVarint(prefixLength, out);
  }

  /** The rest of a row that exists. A trailer that is not -1 follows the value, as a u32, and counts to it. */
  endRow(
    key: Uint8Array,
    keyStart: number,
    keyLength: number,
    value: Uint8Array,
    valueStart: number,
    valueLength: number,
    trailer = -1,
  ): void {
    const out = this.#out;
    writeVarint((trailer < 0 ? 0 : TRAILER_BYTES) + valueLength + 1, out);
    this.#append(key, keyStart, keyLength);
    this.#append(value, valueStart, valueLength);
    if (trailer >= 0) {
      out.reserve(TRAILER_BYTES);
      out.view.setUint32(out.position, trailer, true);
      out.position += TRAILER_BYTES;
    }
    this.#rows++;
  }

  /**
   * The rows in words[from, to), slots of integers by integers (inline-layout.ts), whose stamps are in (after, until].
   * Returns `to`, or the first slot that is not for this: one of a deleted row, or of large numbers. hot path of a
   * snapshot: what is not to be written is written all the same, and then written over. A branch could not be
   * predicted, since about every other slot is empty.
   */
  addInt32Slots(
    table: number,
    words: Int32Array,
    from: number,
    to: number,
    after: number,
    until: number,
  ): number {
    const out = this.#out;
    out.reserve(((to - from) / INT32_SLOT_WORDS + 2) * INT32_ROW_BYTES);
    if (table < FORM_NUMBER && this.#formTable !== table) this.#declareInt32(table);
    const { view } = out;
    let p = out.position;
    let rows = 0;
    let at = from;
    for (; at < to; at += INT32_SLOT_WORDS) {
      const meta = words[at] ?? 0;
      const group = (words[at + 2] ?? 0) >>> GROUP_SHIFT;
      if ((meta & GONE) !== 0 || table >= FORM_NUMBER || group >= 0x80) break;
      const key = words[at + 1] ?? 0;
      view.setInt16(p, OF_FORM_NUMBER | (group << 8), true);
      view.setInt32(p + 2, word0Of(key), true);
      view.setInt16(p + 6, word1Of(key), true);
      view.setInt32(p + 8, words[at + 3] ?? 0, true);
      const stamp = meta >>> STAMP_SHIFT;
      const isWanted = meta & SLOT_USED_BIT & ~((stamp - after - 1) >>> 31) & ~((until - stamp) >>> 31);
      p += -isWanted & INT32_ROW_BYTES;
      rows += isWanted;
    }
    out.position = p;
    this.#rows += rows;
    return at;
  }

  /** Declares the form of a row of an integer by an integer of this table. */
  #declareInt32(table: number): void {
    this.#dropLooseForm();
    const out = this.#out;
    out.view.setInt32(out.position, INT32_FORM | (table << 8), true);
    out.position += INT32_FORM_BYTES;
    this.#formEnd = out.position;
    this.#formTable = table;
  }

  /** What was declared last, if no row has followed. */
  #dropLooseForm(): void {
    if (this.#out.position === this.#formEnd) this.#out.position -= INT32_FORM_BYTES;
    this.#formEnd = -1;
  }

  /** The rest of a row that is deleted. */
  endDeletedRow(key: Uint8Array, keyStart: number, keyLength: number): void {
    writeVarint(0, this.#out);
    this.#append(key, keyStart, keyLength);
    this.#rows++;
  }

  /** The finished block; the next one begins. */
  take(): Uint8Array {
    this.#dropLooseForm();
    const out = this.#out;
    const length = out.position;
    out.view.setUint32(0, length - BLOCK_HEADER_BYTES, true);
    out.view.setUint32(4, this.#rows, true);
    this.#rows = 0;
    this.#formTable = -1;
    out.position = BLOCK_HEADER_BYTES;
    return out.bytes.subarray(0, length);
  }

  #append(bytes: Uint8Array, start: number, length: number): void {
    const out = this.#out;
    out.reserve(length);
    copyBytes(bytes, start, out.bytes, out.position, length);
    out.position += length;
  }
}

/** The number of rows in a finished block. */
export function rowsOfBlock(block: Uint8Array): number {
  return new DataView(block.buffer, block.byteOffset, block.byteLength).getUint32(4, true);
}

/** The first bytes of every file. */
export function rowFilePreamble(tables: readonly RowFileTable[]): Uint8Array {
  const out = new ByteWriter(256);
  out.reserve(12);
  out.view.setUint32(4, ROW_FILE_MAGIC, true);
  out.view.setUint16(8, ROW_FILE_FORMAT, true);
  out.view.setUint16(10, tables.length, true);
  out.position = 12;
  for (const table of tables) {
    const name = encodeUtf8(table.name);
    out.reserve(TABLE_HEADER_BYTES + name.length);
    out.view.setUint8(out.position, table.ordered ? TABLE_ORDERED : 0);
    out.view.setUint32(out.position + 1, table.fixedValueBytes, true);
    out.view.setUint16(out.position + 5, name.length, true);
    out.bytes.set(name, out.position + TABLE_HEADER_BYTES);
    out.position += TABLE_HEADER_BYTES + name.length;
  }
  out.view.setUint32(0, out.position - 4, true);
  return out.bytes.slice(0, out.position);
}
