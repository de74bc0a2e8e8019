import { rowHash, shortRowHash } from '../base/row-hash.js';
import type { RowKey } from '../ports/keyed-state-store.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { encodeKey } from '../serde/key-encoding.js';
import { INT_KEY_BYTES, intKeyWord0, intKeyWord1 } from '../serde/key-layout.js';

/**
 * hot path: what is imported is read from its module, and looked at, at each use; a constant of this file is part
 * of the machine code, and a function of it is called, or inlined, unseen.
 */
const INT_LENGTH = INT_KEY_BYTES;
const word0Of = intKeyWord0;
const word1Of = intKeyWord1;
const hashOfShort = shortRowHash;

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
 * Invariants: whenever a store sees the row, `length`, `hash`, `word0` and `word1` describe bytes[0, length),
 * and the bytes up to the next multiple of 8 are 0; prefixLength <= length.
 *
 * hot path: a key that is a 32-bit integer is never written out as bytes unless somebody asks for them
 * (bench/scenarios/keyed-count).
 */
export class StateRow implements RowKey {
  keyGroup = 0;
  length = 0;
  hash = 0;
  word0 = 0;
  word1 = 0;
  prefixLength = 0;
  /** What is being composed; its bytes are the row's after a seal. */
  readonly writer: ByteWriter;
  /** Whether the row is an integer key whose bytes are not written yet. */
  #isInt = false;
  /** That key, while the row is one, whether its bytes are written or not. */
  int = 0;

  constructor() {
    this.writer = new ByteWriter(64);
  }

  get bytes(): Uint8Array {
    if (this.#isInt) {
      this.#isInt = false;
      this.writer.clear();
      encodeKey(this.int, this.writer);
      this.#pad();
    }
    return this.writer.bytes;
  }

  /** The row of a key that is an integer of 32 bits, as `encodeKey` would write it, and its own prefix. */
  setInt(keyGroup: number, key: number): void {
    this.keyGroup = keyGroup;
    this.length = INT_LENGTH;
    this.prefixLength = INT_LENGTH;
    const word0 = word0Of(key);
    const word1 = word1Of(key);
    this.word0 = word0;
    this.word1 = word1;
    this.hash = hashOfShort(word0, word1, INT_LENGTH);
    this.#isInt = true;
    this.int = key;
  }

  /** Starts a new row; what follows is appended to the returned writer. */
  begin(keyGroup: number): ByteWriter {
    this.#isInt = false;
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
    this.#pad();
    const view = this.writer.view;
    this.length = length;
    this.word0 = view.getInt32(0, true);
    this.word1 = view.getInt32(4, true);
    this.hash =
      length > 8 ? rowHash(this.writer.bytes, 0, length) : shortRowHash(this.word0, this.word1, length);
  }

  #pad(): void {
    const { writer } = this;
    writer.reserve(8);
    const { bytes } = writer;
    let at = writer.position;
    // An empty row has its eight zeros too.
    const end = at === 0 ? 8 : (at + 7) & ~7;
    while (at < end) bytes[at++] = 0;
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
