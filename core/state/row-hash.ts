import { murmur3, murmurOfInt, murmurOfWords } from '../base/murmur3.js';
import { INT_KEY_BYTES, intOfKeyAt, isIntKeyAt } from '../serde/key-layout.js';
import { highWordAt, lowWordAt, TIME_BYTES } from '../serde/time-layout.js';

const imul = Math.imul;

/** Bytes of a row of an integer key and a window. */
export const INT_WINDOW_BYTES = INT_KEY_BYTES + 2 * TIME_BYTES;

/**
 * The hash by which a row of keyed state is found in memory: well mixed in all its bits, stored nowhere. It is
 * signed, since 32 bits with a sign are a small integer to V8, and without one a number in a box. The commonest rows,
 * of an integer alone or with a window, have hashes that are found without their bytes.
 */
export function rowHash(bytes: Uint8Array, start: number, length: number): number {
  const isInt = length === INT_KEY_BYTES || length === INT_WINDOW_BYTES;
  if (!isInt || !isIntKeyAt(bytes, start)) return murmur3(bytes, start, length) | 0;
  const hash = intRowHash(murmurOfInt(intOfKeyAt(bytes, start)));
  if (length === INT_KEY_BYTES) return hash;
  const from = start + INT_KEY_BYTES;
  const to = from + TIME_BYTES;
  const high = highWordAt(bytes, from) ^ highWordAt(bytes, to);
  return windowRowHash(hash, high, lowWordAt(bytes, from), lowWordAt(bytes, to));
}

/** {@link rowHash} of a row without such a hash, of its bytes as words with zeros after them. */
export function wordsRowHash(words: Int32Array, length: number): number {
  return murmurOfWords(words, length) | 0;
}

/** {@link rowHash} of an integer key, from the hash that its key group is taken from. hot path. */
export function intRowHash(murmur: number): number {
  // The low bits of that are much the same in all keys of a subtask.
  const h = imul(murmur, 0x9e3779b1);
  return h ^ (h >>> 15);
}

/**
 * {@link rowHash} of a key with a window, from that of the key; `high`: both high words, one xor the other. hot path.
 */
export function windowRowHash(key: number, high: number, startLow: number, endLow: number): number {
  let h = key ^ imul(startLow, 0xcc9e2d51) ^ imul(endLow + high, 0x1b873593);
  h = imul(h ^ (h >>> 15), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
