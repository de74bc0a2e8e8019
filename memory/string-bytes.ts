import {
  type ByteReader,
  badBytes,
  decodeUtf8,
  need,
  readVarint,
  STRING_BYTES_MAX,
  STRING_FORM_BITS,
  StringForm,
  tooLong,
  utf16Text,
} from '../core/internal.js';
import { BlockForm } from './segment-layout.js';

/**
 * Strings to bytes and back at the speed of the platform, by the layout of records. Which way is fastest
 * depends on the length: short ones go through a loop, because a call into native code costs some 40 ns.
 *
 * hot path
 */

/** Up to this length a loop is faster than a native write. */
const LOOP_CHARS_MAX = 28;
/** Up to this length the worst case is reserved unseen. */
const UNMEASURED_CHARS_MAX = 1024;

type Slice = (this: Uint8Array, start: number, end: number) => string;
type Write = (this: Uint8Array, text: string, offset: number, length: number) => number;

/** Buffer's own methods, which take any Uint8Array, shared memory included, without a view per string. */
const native = Buffer.prototype as unknown as {
  readonly latin1Slice?: Slice;
  readonly utf8Slice?: Slice;
  readonly ucs2Slice?: Slice;
  readonly utf8Write?: Write;
  readonly latin1Write?: Write;
  readonly ucs2Write?: Write;
};
const latin1Slice: Slice = native.latin1Slice ?? sliceBy('latin1');
const utf8Slice: Slice = native.utf8Slice ?? sliceBy('utf8');
const ucs2Slice: Slice = native.ucs2Slice ?? sliceBy('utf16le');
const utf8Write: Write = native.utf8Write ?? writeBy('utf8');
const latin1Write: Write = native.latin1Write ?? writeBy('latin1');
const ucs2Write: Write = native.ucs2Write ?? writeBy('utf16le');

function sliceBy(encoding: BufferEncoding): Slice {
  return function (this: Uint8Array, start: number, end: number): string {
    return bufferOver(this).toString(encoding, start, end);
  };
}

function writeBy(encoding: BufferEncoding): Write {
  return function (this: Uint8Array, text: string, offset: number, length: number): number {
    return bufferOver(this).write(text, offset, length, encoding);
  };
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes that {@link putString} may need for a text, header included. */
export function stringRoom(text: string): number {
  const length = text.length;
  if (length <= UNMEASURED_CHARS_MAX) return 5 + length * 3;
  const utf8 = Buffer.byteLength(text);
  // UTF-16, for a lone surrogate, takes two bytes a unit.
  return 5 + (utf8 === length ? length : Math.max(utf8, length * 2));
}

/** Writes header and bytes at `p`, where there is room, and returns the position after them. */
export function putString(bytes: Uint8Array, p: number, text: string): number {
  const length = text.length;
  if (length > LOOP_CHARS_MAX) return putLongString(bytes, p, text);
  let codes = 0;
  const start = p + 1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    codes |= code;
    bytes[start + i] = code;
  }
  if (codes >= 0x80) return putLongString(bytes, p, text);
  bytes[p] = length << STRING_FORM_BITS;
  return start + length;
}

function putLongString(bytes: Uint8Array, p: number, text: string): number {
  const length = text.length;
  const headerBytes = varintBytes(length << STRING_FORM_BITS);
  const written = utf8Write.call(bytes, text, p + headerBytes, stringRoom(text) - 5);
  if (written === length) return putHeader(bytes, p, length << STRING_FORM_BITS) + length;
  if (!text.isWellFormed()) return putUtf16(bytes, p, text);
  if (written > STRING_BYTES_MAX) throw tooLong(written);
  const header = (written << STRING_FORM_BITS) | StringForm.UTF8;
  const shift = varintBytes(header) - headerBytes;
  if (shift !== 0) bytes.copyWithin(p + headerBytes + shift, p + headerBytes, p + headerBytes + written);
  return putHeader(bytes, p, header) + written;
}

function putUtf16(bytes: Uint8Array, p: number, text: string): number {
  if (text.length * 2 > STRING_BYTES_MAX) throw tooLong(text.length * 2);
  let at = putHeader(bytes, p, ((text.length * 2) << STRING_FORM_BITS) | StringForm.UTF16);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    bytes[at++] = code;
    bytes[at++] = code >>> 8;
  }
  return at;
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

function putHeader(bytes: Uint8Array, p: number, header: number): number {
  let at = p;
  let rest = header;
  while (rest > 0x7f) {
    bytes[at++] = rest | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** Text of ASCII bytes[p, p + length), which are there. */
export function asciiText(bytes: Uint8Array, p: number, length: number): string {
  return latin1Slice.call(bytes, p, p + length);
}

/** A unit that takes two bytes. */
const BEYOND_LATIN1 = /[\u0100-\uffff]/;

/** Writes the text of a block at `p`, where there are three bytes of room for each unit. */
export function putText(bytes: Uint8Array, p: number, text: string): { form: number; end: number } {
  const units = text.length;
  // Writing UTF-8 is the cheapest way to learn that all is ASCII.
  if (utf8Write.call(bytes, text, p, units * 3) === units) return { form: BlockForm.LATIN1, end: p + units };
  if (BEYOND_LATIN1.test(text)) {
    ucs2Write.call(bytes, text, p, units * 2);
    return { form: BlockForm.UTF16, end: p + units * 2 };
  }
  latin1Write.call(bytes, text, p, units);
  return { form: BlockForm.LATIN1, end: p + units };
}

/** The text of a block: bytes[start, end). */
export function textOf(bytes: Uint8Array, start: number, end: number, form: number): string {
  return form === BlockForm.LATIN1 ? latin1Slice.call(bytes, start, end) : ucs2Slice.call(bytes, start, end);
}

/** The mark may stand for bytes that are none, or have been written. */
function utf8Text(bytes: Uint8Array, start: number, length: number): string {
  const text = utf8Slice.call(bytes, start, start + length);
  if (!text.includes('\ufffd') || decodeUtf8(bytes, start, start + length) === text) return text;
  throw badBytes(start, 'a text is not UTF-8');
}

/** Reads a text with any header. @throws MillraceError MR2003 */
export function takeString(input: ByteReader): string {
  const header = readVarint(input);
  const start = input.position;
  const length = header >>> STRING_FORM_BITS;
  need(input, length);
  input.position = start + length;
  switch (header & 3) {
    case StringForm.ASCII:
      return asciiText(input.bytes, start, length);
    case StringForm.UTF8:
      return utf8Text(input.bytes, start, length);
    case StringForm.UTF16:
      if (length % 2 === 0) return utf16Text(input.view, start, length);
      throw badBytes(start, 'a text in UTF-16 has an even length');
    default:
      throw badBytes(start, 'a text has no such form');
  }
}
