import { ByteWriter, invariant, utf8Length, writeUtf8 } from '../../core/internal.js';

/**
 * Writes the fields of a durable record one after another: integers as LEB128 (7 bits a byte, low first),
 * texts and byte strings with their length before them. {@link FieldReader} reads them.
 */
export class FieldWriter {
  readonly #out = new ByteWriter(1024);

  /** A natural number up to 2^53 - 1. */
  natural(value: number): void {
    invariant(Number.isSafeInteger(value) && value >= 0, 'a natural number is written as one', { value });
    const out = this.#out;
    out.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      out.bytes[out.position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    out.bytes[out.position++] = rest;
  }

  /** Four bytes, little endian. */
  uint32(value: number): void {
    const out = this.#out;
    out.reserve(4);
    out.view.setUint32(out.position, value, true);
    out.position += 4;
  }

  /** Eight bytes, little endian. */
  float64(value: number): void {
    const out = this.#out;
    out.reserve(8);
    out.view.setFloat64(out.position, value, true);
    out.position += 8;
  }

  byte(value: number): void {
    const out = this.#out;
    out.reserve(1);
    out.bytes[out.position++] = value;
  }

  text(value: string): void {
    const length = utf8Length(value);
    this.natural(length);
    const out = this.#out;
    out.reserve(length);
    out.position = writeUtf8(value, out.bytes, out.position);
  }

  bytes(value: Uint8Array): void {
    this.natural(value.length);
    this.raw(value);
  }

  /** Bytes whose length the reader knows. */
  raw(value: Uint8Array): void {
    const out = this.#out;
    out.reserve(value.length);
    out.bytes.set(value, out.position);
    out.position += value.length;
  }

  get length(): number {
    return this.#out.position;
  }

  /** What was written so far, copied. */
  finish(): Uint8Array {
    return this.#out.bytes.slice(0, this.#out.position);
  }
}
