import { murmurOfInt } from '../base/murmur3.js';
import { RowForm, type RowKey } from '../ports/keyed-state-store.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { encodeKey } from '../serde/key-encoding.js';
import { INT_KEY_BYTES, intOfKeyAt, isIntKeyAt } from '../serde/key-layout.js';
import { highWordAt, highWordOf, lowWordAt, putTime, readTime, TIME_BYTES } from '../serde/time-layout.js';
import { INT_WINDOW_BYTES, intRowHash, rowHash, windowRowHash, wordsRowHash } from './row-hash.js';

/**
 * hot path: what is imported is read from its module, and looked at, at each use; a constant of this file is part
 * of the machine code, and a function of it is called, or inlined, unseen.
 */
const INT = RowForm.INT;
const INT_WINDOW = RowForm.INT_WINDOW;
const BYTES = RowForm.BYTES;
const OPEN = RowForm.OPEN;
const INT_BYTES = INT_KEY_BYTES;
const WINDOW_BYTES = INT_WINDOW_BYTES;
const hashOfInt = intRowHash;
const hashOfWindow = windowRowHash;

/** The names of their tables begin with this. */
export const TIMER_TABLE_PREFIX = 'timers:';

/** By so much of their time, 2^16 ms, rows of timers are scanned together. */
export const TIMER_PREFIX_BYTES = TIME_BYTES - 2;

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
 * Invariants: a store sees the row only while it is sealed, which is when its form is not OPEN, and then everything
 * describes bytes[0, length), and the bytes up to the next multiple of 8 are 0; prefixLength <= length.
 *
 * hot path: an integer key, alone or with a window, is never written out as bytes unless somebody asks for them
 * (bench/scenarios/keyed-count, windows).
 */
export class StateRow implements RowKey {
  form: RowForm = RowForm.OPEN;
  keyGroup = 0;
  length = 0;
  hash = 0;
  int = 0;
  startHigh = 0;
  startLow = 0;
  endHigh = 0;
  endLow = 0;
  prefixLength = 0;
  /** What is being composed; its bytes are the row's after a seal. */
  readonly writer: ByteWriter;
  /** The form of the integers whose bytes are not written yet; OPEN: the bytes are. */
  private unwritten: RowForm = RowForm.OPEN;
  /** The memory that `memoryWords` are of, which is the writer's but after it has grown. */
  private memory: Uint8Array;
  private memoryWords: Int32Array;

  constructor() {
    this.writer = new ByteWriter(64);
    this.memory = this.writer.bytes;
    this.memoryWords = wordsOf(this.memory);
  }

  get bytes(): Uint8Array {
    if (this.unwritten !== RowForm.OPEN) this.#writeInts();
    return this.writer.bytes;
  }

  get words(): Int32Array {
    if (this.unwritten !== RowForm.OPEN) this.#writeInts();
    return this.memoryWords;
  }

  /**
   * The row of a key whose `length` bytes begin at words[from], and its own prefix. Zeros follow them up to the next
   * multiple of 8; `hash` is that of the row. hot path.
   */
  setWords(keyGroup: number, words: Int32Array, from: number, length: number, hash: number): void {
    const { writer } = this;
    const count = ((length + 7) >> 3) << 1;
    if (count << 2 > writer.limit) this.#makeRoom(count << 2);
    const into = this.memoryWords;
    for (let i = 0; i < count; i++) into[i] = words[from + i] ?? 0;
    this.unwritten = OPEN;
    writer.position = length;
    this.keyGroup = keyGroup;
    this.length = length;
    this.prefixLength = length;
    this.hash = hash;
    this.form = BYTES;
  }

  #makeRoom(count: number): void {
    this.writer.clear();
    this.writer.reserve(count);
    this.#followMemory();
  }

  #followMemory(): void {
    const { bytes } = this.writer;
    if (bytes === this.memory) return;
    this.memory = bytes;
    this.memoryWords = wordsOf(bytes);
  }

  /** The row of a key that is an integer of 32 bits, and its own prefix. */
  setInt(keyGroup: number, key: number): void {
    this.setHashedInt(keyGroup, key, murmurOfInt(key));
  }

  /** {@link setInt} with the hash of the key that its key group is taken from. */
  setHashedInt(keyGroup: number, key: number, murmur: number): void {
    if (this.unwritten !== INT) this.#beginInts(INT, INT_BYTES);
    this.keyGroup = keyGroup;
    this.int = key;
    this.hash = hashOfInt(murmur);
  }

  /** The row of such a key, whose own row has the hash `keyHash`, and the window whose times are set. */
  setIntWindow(keyGroup: number, key: number, keyHash: number): void {
    this.#beginInts(INT_WINDOW, WINDOW_BYTES);
    this.keyGroup = keyGroup;
    this.int = key;
    this.hash = hashOfWindow(keyHash, this.startHigh ^ this.endHigh, this.startLow, this.endLow);
  }

  #beginInts(form: RowForm, length: number): void {
    this.form = form;
    this.length = length;
    this.prefixLength = length;
    this.unwritten = form;
  }

  #writeInts(): void {
    const form = this.unwritten;
    this.unwritten = RowForm.OPEN;
    const { writer } = this;
    writer.clear();
    encodeKey(this.int, writer);
    if (form === INT_WINDOW) {
      writer.reserve(2 * TIME_BYTES);
      putTime(writer.view, writer.position, this.startHigh, this.startLow);
      putTime(writer.view, writer.position + TIME_BYTES, this.endHigh, this.endLow);
      writer.position += 2 * TIME_BYTES;
    }
    this.pad();
  }

  /** The times of the window, of which {@link setIntWindow} makes a row. */
  setWindow(start: number, end: number): void {
    this.startHigh = highWordOf(start);
    this.startLow = start | 0;
    this.endHigh = highWordOf(end);
    this.endLow = end | 0;
  }

  /** Starts a new row; what follows is appended to the returned writer. */
  begin(keyGroup: number): ByteWriter {
    this.unwritten = RowForm.OPEN;
    this.form = RowForm.OPEN;
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
    this.pad();
    const { bytes } = this.writer;
    this.length = length;
    if ((length === INT_BYTES || length === WINDOW_BYTES) && isIntKeyAt(bytes, 0)) {
      this.hash = rowHash(bytes, 0, length);
      this.#sealInts(length);
      return;
    }
    this.hash = wordsRowHash(this.memoryWords, length);
    this.form = BYTES;
  }

  /** The row is of a form that is compared without its bytes. */
  #sealInts(length: number): void {
    const { bytes } = this.writer;
    this.int = intOfKeyAt(bytes, 0);
    this.form = INT;
    if (length === INT_BYTES) return;
    this.form = INT_WINDOW;
    this.startHigh = highWordAt(bytes, INT_BYTES);
    this.startLow = lowWordAt(bytes, INT_BYTES);
    this.endHigh = highWordAt(bytes, INT_BYTES + TIME_BYTES);
    this.endLow = lowWordAt(bytes, INT_BYTES + TIME_BYTES);
  }

  private pad(): void {
    const { writer } = this;
    writer.reserve(8);
    const { bytes } = writer;
    let at = writer.position;
    // An empty row has its eight zeros too.
    const end = at === 0 ? 8 : (at + 7) & ~7;
    while (at < end) bytes[at++] = 0;
    this.#followMemory();
  }
}

function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
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
