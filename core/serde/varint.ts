import { MillraceError } from '../base/millrace-error.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { VARINT_BYTES_MAX } from './record-layout.js';

/** Writes an integer in [0, 2^31). */
export function writeVarint(value: number, out: ByteWriter): void {
  out.reserve(VARINT_BYTES_MAX);
  const bytes = out.bytes;
  let p = out.position;
  let rest = value;
  while (rest > 0x7f) {
    bytes[p++] = rest | 0x80;
    rest >>>= 7;
  }
  bytes[p++] = rest;
  out.position = p;
}

/** @throws MillraceError MR2003 if there is none below 2^31 */
export function readVarint(input: ByteReader): number {
  const bytes = input.bytes;
  const start = input.position;
  let p = start;
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    if (p >= input.limit) throw endsEarly(start);
    const byte = bytes[p++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (value < 0 || (shift === 28 && byte > 7)) break;
      input.position = p;
      return value;
    }
  }
  throw badBytes(start, 'a length is out of range');
}

/** Reads a length and checks that so many bytes are there. */
export function readLength(input: ByteReader): number {
  const length = readVarint(input);
  if (length > input.limit - input.position) throw endsEarly(input.position);
  return length;
}

/** Reads a count of values of at least `least` bytes each; refuses one that the bytes left cannot hold. */
export function readCount(input: ByteReader, least: number): number {
  const count = readVarint(input);
  if (count * least > input.limit - input.position) throw endsEarly(input.position);
  return count;
}

/** Checks that `count` bytes are there, before they are read. */
export function need(input: ByteReader, count: number): void {
  if (input.position + count > input.limit) throw endsEarly(input.position);
}

export function endsEarly(position: number): MillraceError {
  return badBytes(position, 'they end early');
}

export function badBytes(position: number, why: string): MillraceError {
  return new MillraceError(
    'MR2003',
    `The bytes of a record are not understood at offset ${position}: ${why}.`,
  );
}
