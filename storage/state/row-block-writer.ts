import { ByteWriter, encodeUtf8, writeVarint } from '../../core/internal.js';
import { copyBytes } from './row-bytes.js';
import {
  BLOCK_BYTES,
  BLOCK_HEADER_BYTES,
  ROW_FILE_FORMAT,
  ROW_FILE_MAGIC,
  type RowFileTable,
  TABLE_HEADER_BYTES,
  TABLE_ORDERED,
} from './row-file-layout.js';

/** Bytes of the number that may follow a value. */
export const TRAILER_BYTES = 4;

/** Two numbers of two bytes, two lengths, key and value. */
const SHORT_ROW_BYTES_MAX = 6 + 64 + 64;

/**
 * Fills one block of rows after the other (row-file-layout.ts).
 *
 * Order: `add…` until `isFull`, then `take`, whose bytes are valid until the next `add…`.
 */
export class RowBlockWriter {
  readonly #out = new ByteWriter(BLOCK_BYTES + 4096);
  #rows = 0;
  readonly #limit: number;

  /** @param limit size at which a block is full; it may be exceeded by one row */
  constructor(limit: number = BLOCK_BYTES) {
    this.#limit = limit;
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
    out.reserve(20);
    const bytes = out.bytes;
    const p = out.position;
    if (table < 0x80 && keyGroup < 0x80 && keyLength < 0x80) {
      bytes[p] = table;
      bytes[p + 1] = keyGroup;
      bytes[p + 2] = keyLength;
      out.position = p + 3;
    } else {
      writeVarint(table, out);
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
   * A whole short row of a table that is not ordered, its key and value from words of one array; the lengths are
   * in bytes and below 64, the numbers of table and key group below 2^14. hot path of a snapshot: whole words are
   * copied, and what is too much of a word is written over by what comes next.
   */
  addShortRow(
    table: number,
    keyGroup: number,
    words: Int32Array,
    key: number,
    keyLength: number,
    value: number,
    valueLength: number,
  ): void {
    const out = this.#out;
    out.reserve(SHORT_ROW_BYTES_MAX);
    const { view } = out;
    let p = out.position;
    if ((table | keyGroup) < 0x80) {
      view.setInt32(p, table | (keyGroup << 8) | (keyLength << 16) | ((valueLength + 1) << 24), true);
      p += 4;
    } else {
      p = this.#shortHead(table, keyGroup, keyLength, valueLength);
    }
    for (let i = 0; i << 2 < keyLength; i++) view.setInt32(p + (i << 2), words[key + i] ?? 0, true);
    p += keyLength;
    for (let i = 0; i << 2 < valueLength; i++) view.setInt32(p + (i << 2), words[value + i] ?? 0, true);
    out.position = p + valueLength;
    this.#rows++;
  }

  #shortHead(table: number, keyGroup: number, keyLength: number, valueLength: number): number {
    const into = this.#out.bytes;
    let p = this.#out.position;
    if (table > 0x7f) into[p++] = table | 0x80;
    into[p++] = table > 0x7f ? table >>> 7 : table;
    if (keyGroup > 0x7f) into[p++] = keyGroup | 0x80;
    into[p++] = keyGroup > 0x7f ? keyGroup >>> 7 : keyGroup;
    into[p++] = keyLength;
    into[p++] = valueLength + 1;
    return p;
  }

  /** The rest of a row that is deleted. */
  endDeletedRow(key: Uint8Array, keyStart: number, keyLength: number): void {
    writeVarint(0, this.#out);
    this.#append(key, keyStart, keyLength);
    this.#rows++;
  }

  /** The finished block; the next one begins. */
  take(): Uint8Array {
    const out = this.#out;
    const length = out.position;
    out.view.setUint32(0, length - BLOCK_HEADER_BYTES, true);
    out.view.setUint32(4, this.#rows, true);
    this.#rows = 0;
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
