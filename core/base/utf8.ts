/**
 * UTF-8 without the platform. A lone surrogate, which UTF-8 has no form for, is written as the three bytes
 * of its code (WTF-8), so that every JavaScript string survives and no two become the same bytes. For
 * well-formed strings the bytes are those of TextEncoder.
 *
 * The order of the bytes is the order of the code points.
 */

/** Bytes that {@link writeUtf8} takes for the text. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) length += 1;
    else if (code < 0x800) length += 2;
    else if (isPairAt(text, i, code)) {
      length += 4;
      i++;
    } else length += 3;
  }
  return length;
}

/** Writes the text at `at` and returns the position after it. `into` must have room: 3 bytes a UTF-16 unit do. */
export function writeUtf8(text: string, into: Uint8Array, at: number): number {
  let p = at;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      into[p++] = code;
      continue;
    }
    if (code < 0x800) {
      into[p++] = 0xc0 | (code >> 6);
    } else {
      if (isPairAt(text, i, code)) {
        code = 0x10000 + ((code - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00);
        into[p++] = 0xf0 | (code >> 18);
        into[p++] = 0x80 | ((code >> 12) & 0x3f);
      } else {
        into[p++] = 0xe0 | (code >> 12);
      }
      into[p++] = 0x80 | ((code >> 6) & 0x3f);
    }
    into[p++] = 0x80 | (code & 0x3f);
  }
  return p;
}

/** The bytes of a text, in an array of exactly their length. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  writeUtf8(text, bytes, 0);
  return bytes;
}

/** UTF-16 units are turned to text in pieces, because the argument list of a call has a limit. */
const PIECE = 4096;

/** The text of bytes[start, end). undefined where they are not what {@link writeUtf8} writes: a text has one form. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end: number = bytes.length): string | undefined {
  let text = '';
  let units: number[] = [];
  let p = start;
  /** The code before is the first half of a pair, alone. */
  let isHalf = false;
  while (p < end) {
    const lead = bytes[p++] ?? 0;
    if (lead < 0x80) {
      units.push(lead);
      isHalf = false;
    } else {
      const size = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : 0;
      if (size === 0 || lead > 0xf4 || p + size > end) return undefined;
      let code = lead & (0x3f >> size);
      for (let i = 0; i < size; i++) {
        const next = bytes[p++] ?? 0;
        if ((next & 0xc0) !== 0x80) return undefined;
        code = (code << 6) | (next & 0x3f);
      }
      if (code < LEAST_CODE[size] || code > 0x10ffff) return undefined;
      // Both halves of a pair are written as one.
      if (isHalf && code >= 0xdc00 && code <= 0xdfff) return undefined;
      isHalf = code >= 0xd800 && code <= 0xdbff;
      if (code >= 0x10000) units.push(0xd7c0 + (code >> 10), 0xdc00 | (code & 0x3ff));
      else units.push(code);
    }
    if (units.length >= PIECE) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return units.length === 0 ? text : text + String.fromCharCode(...units);
}

/** Codes below these have a shorter form, which is the only one. */
const LEAST_CODE: readonly [number, number, number, number] = [0, 0x80, 0x800, 0x10000];

function isPairAt(text: string, i: number, code: number): boolean {
  if (code < 0xd800 || code > 0xdbff || i + 1 >= text.length) return false;
  const next = text.charCodeAt(i + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}
