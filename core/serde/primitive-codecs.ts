import { MillraceError } from '../base/millrace-error.js';
import { decodeUtf8, utf8Length, writeUtf8 } from '../base/utf8.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { RecordCodec } from './record-codec.js';
import { STRING_BYTES_MAX, STRING_FORM_BITS, StringForm } from './record-layout.js';
import type { PrimitiveKind } from './type-descriptor.js';
import { mismatch } from './type-mismatch.js';
import { badBytes, need, readLength, readVarint, writeVarint } from './varint.js';

/** Codecs of single values, by the layout in record-layout.ts. `place` names the field in errors. */
abstract class PrimitiveCodec implements RecordCodec<unknown> {
  readonly #kind: PrimitiveKind;
  readonly #place: string;

  constructor(kind: PrimitiveKind, place: string) {
    this.#kind = kind;
    this.#place = place;
  }

  abstract encode(value: unknown, out: ByteWriter): void;
  abstract decode(input: ByteReader): unknown;

  protected refuse(value: unknown): never {
    throw mismatch(this.#place, { kind: this.#kind }, value);
  }
}

class Int32Codec extends PrimitiveCodec {
  encode(value: unknown, out: ByteWriter): void {
    if (typeof value !== 'number' || (value | 0) !== value) this.refuse(value);
    out.reserve(4);
    out.view.setInt32(out.position, value, true);
    out.position += 4;
  }

  decode(input: ByteReader): number {
    need(input, 4);
    const value = input.view.getInt32(input.position, true);
    input.position += 4;
    return value;
  }
}

/** float64 and timestamp. */
class Float64Codec extends PrimitiveCodec {
  encode(value: unknown, out: ByteWriter): void {
    if (typeof value !== 'number') this.refuse(value);
    out.reserve(8);
    out.view.setFloat64(out.position, value, true);
    out.position += 8;
  }

  decode(input: ByteReader): number {
    need(input, 8);
    const value = input.view.getFloat64(input.position, true);
    input.position += 8;
    return value;
  }
}

class BooleanCodec extends PrimitiveCodec {
  encode(value: unknown, out: ByteWriter): void {
    if (typeof value !== 'boolean') this.refuse(value);
    out.reserve(1);
    out.bytes[out.position++] = value ? 1 : 0;
  }

  decode(input: ByteReader): boolean {
    need(input, 1);
    const byte = input.bytes[input.position++] ?? 0;
    if (byte > 1) throw badBytes(input.position - 1, 'a boolean is 00 or 01');
    return byte === 1;
  }
}

class VoidCodec extends PrimitiveCodec {
  encode(value: unknown, _out: ByteWriter): void {
    if (value !== undefined && value !== null) this.refuse(value);
  }

  decode(_input: ByteReader): undefined {
    return undefined;
  }
}

class StringCodec extends PrimitiveCodec {
  encode(value: unknown, out: ByteWriter): void {
    if (typeof value !== 'string') this.refuse(value);
    let codes = 0;
    for (let i = 0; i < value.length; i++) codes |= value.charCodeAt(i);
    if (codes < 0x80) {
      this.#header(value.length, StringForm.ASCII, out);
      for (let i = 0; i < value.length; i++) out.bytes[out.position++] = value.charCodeAt(i);
    } else if (value.isWellFormed()) {
      this.#header(utf8Length(value), StringForm.UTF8, out);
      out.position = writeUtf8(value, out.bytes, out.position);
    } else {
      this.#header(value.length * 2, StringForm.UTF16, out);
      for (let i = 0; i < value.length; i++) {
        out.view.setUint16(out.position, value.charCodeAt(i), true);
        out.position += 2;
      }
    }
  }

  #header(length: number, form: number, out: ByteWriter): void {
    if (length > STRING_BYTES_MAX) throw tooLong(length);
    writeVarint((length << STRING_FORM_BITS) | form, out);
    out.reserve(length);
  }

  decode(input: ByteReader): string {
    const header = readVarint(input);
    const start = input.position;
    const length = header >>> STRING_FORM_BITS;
    need(input, length);
    input.position = start + length;
    const form = header & 3;
    if (form === StringForm.UTF16 && length % 2 === 0) return utf16Text(input.view, start, length);
    if (form !== StringForm.ASCII && form !== StringForm.UTF8)
      throw badBytes(start, 'a text has no such form');
    const text = decodeUtf8(input.bytes, start, start + length);
    if (text === undefined || !text.isWellFormed()) throw badBytes(start, 'a text is not UTF-8');
    if (form === StringForm.ASCII && text.length !== length) throw badBytes(start, 'a text is not ASCII');
    return text;
  }
}

/** Text of UTF-16 units at `start`; `length` is in bytes and even. */
export function utf16Text(view: DataView, start: number, length: number): string {
  let text = '';
  for (let p = start; p < start + length; p += 2) text += String.fromCharCode(view.getUint16(p, true));
  return text;
}

export function tooLong(length: number): MillraceError {
  return new MillraceError('MR2002', `A text takes ${length} bytes; ${STRING_BYTES_MAX} is the most.`);
}

class BytesCodec extends PrimitiveCodec {
  encode(value: unknown, out: ByteWriter): void {
    if (!(value instanceof Uint8Array)) this.refuse(value);
    writeVarint(value.length, out);
    out.reserve(value.length);
    out.bytes.set(value, out.position);
    out.position += value.length;
  }

  /** A copy of the caller's own. */
  decode(input: ByteReader): Uint8Array {
    const length = readLength(input);
    const copy = new Uint8Array(length);
    copy.set(input.bytes.subarray(input.position, input.position + length));
    input.position += length;
    return copy;
  }
}

class BigintCodec extends PrimitiveCodec {
  encode(value: unknown, out: ByteWriter): void {
    if (typeof value !== 'bigint') this.refuse(value);
    let words = 1;
    while (BigInt.asIntN(words * 64, value) !== value) {
      if (++words > SHIFTED_WORDS_MAX) {
        encodeLong(value, out);
        return;
      }
    }
    writeVarint(words, out);
    out.reserve(words * 8);
    let rest = value;
    for (let i = 0; i < words; i++) {
      out.view.setBigInt64(out.position, BigInt.asIntN(64, rest), true);
      out.position += 8;
      rest >>= 64n;
    }
  }

  decode(input: ByteReader): bigint {
    const words = readVarint(input);
    if (words === 0) throw badBytes(input.position - 1, 'a bigint has at least one word');
    need(input, words * 8);
    const start = input.position;
    input.position = start + words * 8;
    if (words > SHIFTED_WORDS_MAX) return decodeLong(input.view, start, words);
    let value = input.view.getBigInt64(start + (words - 1) * 8, true);
    for (let i = words - 2; i >= 0; i--)
      value = (value << 64n) | input.view.getBigUint64(start + i * 8, true);
    return value;
  }
}

/** Longer ones go by their digits, since shifting word by word takes time by the square of the length. */
const SHIFTED_WORDS_MAX = 8;
/** The longest that there can be. */
const BIGINT_WORDS_MAX = 2 ** 24;

function decodeLong(view: DataView, start: number, words: number): bigint {
  if (words > BIGINT_WORDS_MAX) throw badBytes(start, 'no bigint is that long');
  let hex = '0x';
  for (let i = words - 1; i >= 0; i--)
    hex += view
      .getBigUint64(start + i * 8, true)
      .toString(16)
      .padStart(16, '0');
  return BigInt.asIntN(words * 64, BigInt(hex));
}

function encodeLong(value: bigint, out: ByteWriter): void {
  const digits = (value < 0n ? ~value : value).toString(16).length;
  // The sign takes a bit of its own.
  const most = Math.ceil((digits * 4 + 1) / 64);
  const words = BigInt.asIntN((most - 1) * 64, value) === value ? most - 1 : most;
  const hex = BigInt.asUintN(words * 64, value)
    .toString(16)
    .padStart(words * 16, '0');
  writeVarint(words, out);
  out.reserve(words * 8);
  for (let end = hex.length; end > 0; end -= 16) {
    out.view.setBigUint64(out.position, BigInt(`0x${hex.slice(end - 16, end)}`), true);
    out.position += 8;
  }
}

/** The codec of a kind other than dynamic. */
export function primitiveCodec(kind: Exclude<PrimitiveKind, 'dynamic'>, place: string): RecordCodec<unknown> {
  switch (kind) {
    case 'int32':
      return new Int32Codec(kind, place);
    case 'float64':
    case 'timestamp':
      return new Float64Codec(kind, place);
    case 'boolean':
      return new BooleanCodec(kind, place);
    case 'string':
      return new StringCodec(kind, place);
    case 'bigint':
      return new BigintCodec(kind, place);
    case 'bytes':
      return new BytesCodec(kind, place);
    case 'void':
      return new VoidCodec(kind, place);
  }
}
