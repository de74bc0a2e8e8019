import { murmur3 } from '../base/murmur3.js';
import type { RowKey } from '../ports/keyed-state-store.js';
import { ByteWriter } from '../serde/byte-writer.js';

/**
 * The address of one row of keyed state, composed in place again and again. All numbers are big endian, so
 * rows sort as their parts do; every part is complete in itself (keys by key-layout.ts, the others by their
 * fixed width), so no row of one collection can be taken for a row of another.
 *
 * ```
 *   value, reducing, aggregating   key | namespace                     -> the value
 *   list                           key | namespace                     -> length u32
 *                                  key | namespace | index u32         -> one element
 *   map                            key | namespace | map key           -> the map value
 *   timer                          time | key | namespace              -> nothing
 *
 *   key         encodeKey of the current key
 *   namespace   void: no bytes; window: start time, end time
 *   time        two words: the high one with its sign bit flipped, the low one; safe integers only
 * ```
 *
 * Invariants: `length` and `hash` describe bytes[0, length) whenever a store sees the row;
 * prefixLength <= length.
 */
export class StateRow implements RowKey {
  keyGroup: number;
  bytes: Uint8Array;
  length: number;
  hash: number;
  prefixLength: number;
  /** What is being composed; its bytes are the row's after a seal. */
  readonly writer: ByteWriter;

  constructor() {
    this.writer = new ByteWriter(64);
    this.keyGroup = 0;
    this.bytes = this.writer.bytes;
    this.length = 0;
    this.hash = 0;
    this.prefixLength = 0;
  }

  /** Starts a new row; what follows is appended to the returned writer. */
  begin(keyGroup: number): ByteWriter {
    this.keyGroup = keyGroup;
    this.writer.clear();
    return this.writer;
  }

  /** Cuts the row back to its prefix; an element is appended to the returned writer. */
  beginElement(): ByteWriter {
    this.writer.position = this.prefixLength;
    return this.writer;
  }

  /** Takes over a row as a scan shows it; for rows without a prefix. */
  setTo(keyGroup: number, bytes: Uint8Array): void {
    appendBytes(this.begin(keyGroup), bytes, 0, bytes.length);
    this.prefixLength = 0;
    this.seal();
  }

  /** The time at the head of a timer's row. */
  get time(): number {
    return readTime(this.bytes, 0);
  }

  /** What was written is the prefix that the rows of a collection share. */
  sealPrefix(): void {
    this.prefixLength = this.writer.position;
    this.seal();
  }

  /** What was written is the row. */
  seal(): void {
    const length = this.writer.position;
    this.bytes = this.writer.bytes;
    this.length = length;
    this.hash = murmur3(this.bytes, 0, length);
  }
}

/** Appends bytes[start, end). */
export function appendBytes(out: ByteWriter, bytes: Uint8Array, start: number, end: number): void {
  const count = end - start;
  out.reserve(count);
  const into = out.bytes;
  const at = out.position;
  for (let i = 0; i < count; i++) into[at + i] = bytes[start + i] ?? 0;
  out.position = at + count;
}

export const TIME_BYTES = 8;

/** Appends a safe integer so that bytes sort as the numbers do. */
export function appendTime(out: ByteWriter, time: number): void {
  out.reserve(TIME_BYTES);
  const at = out.position;
  out.view.setInt32(at, Math.floor(time / 0x1_0000_0000) ^ 0x8000_0000);
  out.view.setUint32(at + 4, time >>> 0);
  out.position = at + TIME_BYTES;
}

/** Reads what {@link appendTime} wrote. */
export function readTime(bytes: Uint8Array, at: number): number {
  const high =
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) ^
    0x8000_0000;
  const low =
    (((bytes[at + 4] ?? 0) << 24) |
      ((bytes[at + 5] ?? 0) << 16) |
      ((bytes[at + 6] ?? 0) << 8) |
      (bytes[at + 7] ?? 0)) >>>
    0;
  return high * 0x1_0000_0000 + low;
}
