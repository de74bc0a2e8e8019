import { murmur3 } from './murmur3.js';

/**
 * The hash by which a row of keyed state is found in memory: well mixed in all its bits, stored nowhere. It is
 * signed, since 32 bits with a sign are a small integer to V8, and without one a number in a box. Rows of up to
 * 8 bytes, which most keys are, have a shorter way than {@link murmur3}.
 */
export function rowHash(bytes: Uint8Array, start: number, length: number): number {
  if (length > 8) return murmur3(bytes, start, length) | 0;
  let word0 = 0;
  let word1 = 0;
  for (let i = length - 1; i >= 4; i--) word1 = (word1 << 8) | (bytes[start + i] ?? 0);
  for (let i = Math.min(length, 4) - 1; i >= 0; i--) word0 = (word0 << 8) | (bytes[start + i] ?? 0);
  return shortRowHash(word0, word1, length);
}

/** {@link rowHash} of up to 8 bytes, as two little-endian words with zeros beyond the length. hot path. */
export function shortRowHash(word0: number, word1: number, length: number): number {
  let h = Math.imul(word0, 0xcc9e2d51) ^ Math.imul(word1 + length, 0x1b873593);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
