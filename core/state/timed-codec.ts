import type { ByteReader } from '../serde/byte-reader.js';
import type { ByteWriter } from '../serde/byte-writer.js';
import type { RecordCodec } from '../serde/record-codec.js';
import { need } from '../serde/varint.js';

/** A value and when it was written, wall time in ms. */
export interface Timed<T> {
  readonly time: number;
  readonly value: T;
}

export const TIMED_BYTES = 8;

/**
 * ```
 *   time f64, big endian | value as its own codec writes it
 * ```
 */
export class TimedCodec<T> implements RecordCodec<Timed<T>> {
  readonly #values: RecordCodec<T>;

  constructor(values: RecordCodec<T>) {
    this.#values = values;
  }

  encode({ time, value }: Timed<T>, out: ByteWriter): void {
    appendTimeOfWriting(time, out);
    this.#values.encode(value, out);
  }

  decode(input: ByteReader): Timed<T> {
    need(input, TIMED_BYTES);
    const time = input.view.getFloat64(input.position);
    input.position += TIMED_BYTES;
    return { time, value: this.#values.decode(input) };
  }
}

/** The head of every row of a state that ends. */
export function appendTimeOfWriting(time: number, out: ByteWriter): void {
  out.reserve(TIMED_BYTES);
  out.view.setFloat64(out.position, time);
  out.position += TIMED_BYTES;
}

/** The time at the head of a row that begins at `at`. */
export function timeOfWriting(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, TIMED_BYTES).getFloat64(0);
}
