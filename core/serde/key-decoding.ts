import { decodeUtf8 } from '../base/utf8.js';
import type { ByteReader } from './byte-reader.js';
import { badKeyBytes } from './key-encoding.js';
import { KEY_DEPTH_MAX } from './key-fields.js';
import { BigintHeader, KeyTag, NumberRest } from './key-layout.js';

const float64 = new DataView(new ArrayBuffer(8));

/** The longest magnitude that a bigint can have. */
const BIGINT_BYTES_MAX = 2 ** 27;

/**
 * Reads one key at `input.position` and advances past it: the opposite of `encodeKey`. Objects come back
 * plain, with their fields in canonical order and without the undefined ones; -0 comes back as 0.
 *
 * @throws MillraceError MR2003 on bytes that `encodeKey` writes of no key: each has one form
 */
export function decodeKey(input: ByteReader): unknown {
  return decodeAt(input, 0);
}

function decodeAt(input: ByteReader, depth: number): unknown {
  const at = input.position;
  const tag = takeByte(input);
  switch (tag) {
    case KeyTag.UNDEFINED:
      return undefined;
    case KeyTag.NULL:
      return null;
    case KeyTag.FALSE:
      return false;
    case KeyTag.TRUE:
      return true;
    case KeyTag.NUMBER:
      return decodeNumber(input);
    case KeyTag.NUMBER_BELOW:
    case KeyTag.NUMBER_ABOVE:
      return decodeFarNumber(input, tag);
    case KeyTag.NAN:
      return Number.NaN;
    case KeyTag.BIGINT:
      return decodeBigint(input);
    case KeyTag.STRING:
      return decodeString(input);
    case KeyTag.BYTES:
    case KeyTag.ARRAY:
    case KeyTag.OBJECT:
      if (depth >= KEY_DEPTH_MAX) throw badKeyBytes(at, 'it nests too deep');
      if (tag === KeyTag.BYTES) return takeEscaped(input);
      return tag === KeyTag.ARRAY ? decodeArray(input, depth) : decodeObject(input, depth);
    default:
      throw badKeyBytes(at, `0x${tag.toString(16)} begins no key`);
  }
}

function decodeNumber(input: ByteReader): number {
  const value = takeUint32(input) ^ 0x8000_0000;
  const rest = takeByte(input);
  if (rest === NumberRest.WHOLE) return value;
  if (rest !== NumberRest.FRACTION) throw badKeyBytes(input.position - 1, 'a number goes on with 00 or 01');
  const exact = takeOrderedFloat(input);
  if (Math.floor(exact) === value && exact !== value) return exact;
  throw badKeyBytes(input.position - 8, 'a number lies elsewhere');
}

/** One that no integer of 32 bits is near. */
function decodeFarNumber(input: ByteReader, tag: number): number {
  const value = takeOrderedFloat(input);
  if (tag === KeyTag.NUMBER_BELOW ? value < -0x8000_0000 : value >= 0x8000_0000) return value;
  throw badKeyBytes(input.position - 8, 'a number lies elsewhere');
}

function takeOrderedFloat(input: ByteReader): number {
  const high = takeUint32(input) | 0;
  const low = takeUint32(input) | 0;
  float64.setInt32(0, high < 0 ? high ^ 0x8000_0000 : ~high);
  float64.setInt32(4, high < 0 ? low : ~low);
  return float64.getFloat64(0);
}

function decodeBigint(input: ByteReader): bigint {
  const header = takeByte(input);
  const flip = header < BigintHeader.ZERO ? 0xff : 0;
  let length = (header ^ flip) - BigintHeader.ZERO;
  if ((header ^ flip) === BigintHeader.LONG) {
    const raw = takeUint32(input);
    length = flip === 0 ? raw : ~raw >>> 0;
    if (length <= BigintHeader.SHORT_MAX || length > BIGINT_BYTES_MAX)
      throw badKeyBytes(input.position - 4, 'no bigint has this length');
  } else if (length > BigintHeader.SHORT_MAX || (length === 0 && flip !== 0)) {
    throw badKeyBytes(input.position - 1, 'no bigint has this header');
  }
  const start = input.position;
  if (length > input.limit - start) throw badKeyBytes(start, 'it ends early');
  if (length === 0) return 0n;
  if (input.bytes[start] === flip) throw badKeyBytes(start, 'a bigint begins with a zero');
  let hex = '0x';
  for (let i = start; i < start + length; i++) {
    hex += ((input.bytes[i] ?? 0) ^ flip).toString(16).padStart(2, '0');
  }
  input.position = start + length;
  return flip === 0 ? BigInt(hex) : -BigInt(hex);
}

function decodeString(input: ByteReader): string {
  const start = input.position;
  const end = endOfEscaped(input, start);
  const raw = input.bytes.subarray(start, end);
  const text = raw.includes(KeyTag.ESCAPE) ? decodeUtf8(unescaped(raw, start)) : decodeUtf8(raw);
  if (text === undefined) throw badKeyBytes(start, 'a text is not UTF-8');
  input.position = end + 1;
  return text;
}

function takeEscaped(input: ByteReader): Uint8Array {
  const start = input.position;
  const end = endOfEscaped(input, start);
  input.position = end + 1;
  return unescaped(input.bytes.subarray(start, end), start);
}

function endOfEscaped(input: ByteReader, start: number): number {
  const end = input.bytes.indexOf(KeyTag.END, start);
  if (end < 0 || end >= input.limit) throw badKeyBytes(start, 'it has no end');
  return end;
}

function unescaped(raw: Uint8Array, at: number): Uint8Array {
  const bytes = new Uint8Array(raw.length);
  let length = 0;
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i] ?? 0;
    if (byte !== KeyTag.ESCAPE) {
      bytes[length++] = byte;
      continue;
    }
    const escaped = raw[++i];
    if (escaped !== 1 && escaped !== 2) throw badKeyBytes(at + i, '01 is followed by 01 or 02');
    bytes[length++] = escaped - 1;
  }
  return bytes.slice(0, length);
}

function decodeArray(input: ByteReader, depth: number): unknown[] {
  const elements: unknown[] = [];
  while (!takeEnd(input)) elements.push(decodeAt(input, depth + 1));
  return elements;
}

function decodeObject(input: ByteReader, depth: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  let last: string | undefined;
  while (!takeEnd(input)) {
    const at = input.position;
    if (takeByte(input) !== KeyTag.STRING) throw badKeyBytes(at, 'a field begins with its name');
    const name = decodeString(input);
    if (last !== undefined && name <= last) throw badKeyBytes(at, 'fields are out of order');
    last = name;
    const value = decodeAt(input, depth + 1);
    if (value === undefined) throw badKeyBytes(at, 'a field that is undefined is none');
    // Assigning '__proto__' would replace the prototype instead of making a field.
    if (name === '__proto__')
      Object.defineProperty(fields, name, { value, enumerable: true, writable: true, configurable: true });
    else fields[name] = value;
  }
  return fields;
}

function takeEnd(input: ByteReader): boolean {
  if (input.position < input.limit && input.bytes[input.position] === KeyTag.END) {
    input.position++;
    return true;
  }
  return false;
}

function takeByte(input: ByteReader): number {
  if (input.position >= input.limit) throw badKeyBytes(input.position, 'it ends early');
  return input.bytes[input.position++] ?? 0;
}

function takeUint32(input: ByteReader): number {
  const p = input.position;
  if (p + 4 > input.limit) throw badKeyBytes(p, 'it ends early');
  input.position = p + 4;
  return input.view.getUint32(p);
}
