import { Packr, Unpackr } from 'msgpackr';
import {
  type ByteReader,
  type ByteWriter,
  MillraceError,
  readLength,
  showValue,
  writeVarint,
} from '../core/internal.js';
import type { FrameBuilder, FrameCodec } from './frame-codec.js';

/**
 * Undeclared values, by msgpackr. They mean what structured clone means: Maps, Sets, Dates, typed arrays,
 * bigints, references to the same object and cycles within one record come back as they were; an instance
 * of a class comes back as a plain object of its fields. Four things msgpackr cannot carry faithfully: -0 becomes 0,
 * half of a surrogate pair becomes U+FFFD, a field `__proto__` is renamed, and a Uint8Array comes back as a Buffer.
 *
 * Ways around msgpackr's own state:
 * - its target buffer belongs to the module, not to the Packr: every result is copied away at once;
 * - its native reader refuses shared memory and then costs 10 us a call: bytes are copied into a plain
 *   Buffer first;
 * - what a reader returns could point into that Buffer: `copyBuffers`.
 */
const OPTIONS = {
  moreTypes: true,
  structuredClone: true,
  useToJSON: false,
  copyBuffers: true,
  // Otherwise a function would silently become undefined.
  writeFunction(): never {
    throw new TypeError('a function is no data');
  },
} as const;

/** Reuse the target from its present place for the next value; ours are copied away before that. */
const RESET_BUFFER = 1024;

export class DynamicCodec implements FrameCodec<unknown> {
  readonly #packr = new Packr(OPTIONS);
  readonly #unpackr = new Unpackr(OPTIONS);
  /** Reads records whose field names were written before them in the same frame. */
  readonly #frameUnpackr = new Unpackr({ ...OPTIONS, sequential: true });
  #scratch: Buffer = Buffer.allocUnsafeSlow(4096);

  /** Layout: varint(length), then MessagePack. */
  encode(value: unknown, out: ByteWriter): void {
    const packed = pack(this.#packr, value);
    writeVarint(packed.length, out);
    out.reserve(packed.length);
    out.bytes.set(packed, out.position);
    out.position += packed.length;
  }

  decode(input: ByteReader): unknown {
    const length = readLength(input);
    const start = input.position;
    input.position = start + length;
    try {
      return this.#unpackr.unpack(this.#plainCopy(input.bytes, start, length), length);
    } catch (error) {
      throw notReadable(start, error);
    }
  }

  newFrame(): FrameBuilder<unknown> {
    return new DynamicFrame();
  }

  decodeFrame(bytes: Uint8Array, start: number, length: number, count: number): unknown[] {
    const values: unknown[] = [];
    // Names learned from another frame mean nothing in this one.
    setStructures(this.#frameUnpackr);
    try {
      const copy = this.#plainCopy(bytes, start, length).subarray(0, length);
      this.#frameUnpackr.unpackMultiple(copy, (value) => {
        values.push(value);
        // Bytes that say where to go on could lead back.
        return values.length <= count;
      });
    } catch (error) {
      throw notReadable(start, error);
    }
    if (values.length !== count) throw notReadable(start, `${values.length} records instead of ${count}`);
    return values;
  }

  /** The bytes in plain memory; may be followed by others. */
  #plainCopy(bytes: Uint8Array, start: number, length: number): Buffer {
    if (this.#scratch.length < length) this.#scratch = Buffer.allocUnsafeSlow(length * 2);
    this.#scratch.set(bytes.subarray(start, start + length));
    return this.#scratch;
  }
}

/**
 * Records one after another, each with the names of its fields if no record before it in the frame had them.
 * Invariant: bytes[0, length) are `count` whole records, readable without anything before them.
 */
class DynamicFrame implements FrameBuilder<unknown> {
  count = 0;
  length = 0;
  bytes: Uint8Array = new Uint8Array(4096);
  readonly #packr = new Packr({ ...OPTIONS, sequential: true });

  add(value: unknown): void {
    const packed = pack(this.#packr, value);
    if (this.length + packed.length > this.bytes.length) this.#grow(packed.length);
    this.bytes.set(packed, this.length);
    this.length += packed.length;
    this.count++;
  }

  clear(): void {
    setStructures(this.#packr);
    this.count = 0;
    this.length = 0;
  }

  #grow(count: number): void {
    let capacity = this.bytes.length * 2;
    while (capacity < this.length + count) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

/** Valid until the next value is packed by anyone. */
function pack(packr: Packr, value: unknown): Uint8Array {
  try {
    return packr.pack(value, RESET_BUFFER);
  } catch (error) {
    throw new MillraceError('MR2002', `${showValue(value)} cannot be carried as an undeclared record.`, {
      why: error instanceof Error ? error.message : String(error),
      hint: 'Emit plain data, or declare its type.',
      cause: error,
    });
  }
}

/** Forgets all names of fields: what follows is understood alone. */
function setStructures(packr: Unpackr): void {
  (packr as unknown as { structures: unknown[] }).structures = [];
}

function notReadable(position: number, error: unknown): MillraceError {
  return new MillraceError(
    'MR2003',
    `The bytes of undeclared records at offset ${position} cannot be read.`,
    {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    },
  );
}
