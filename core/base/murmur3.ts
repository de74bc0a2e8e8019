const imul = Math.imul;

/**
 * The steps of MurmurHash3 x86 32, for who has the words of its bytes: {@link murmurBlock} for each whole word,
 * {@link murmurTail} for what is left of one, with zeros, and {@link murmurEnd} of that xor the count of bytes.
 * Constants, and not function declarations, which could be assigned to, so that they are inlined unseen.
 */
const scramble = (word: number): number => {
  const k = Math.imul(word, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
};

export const murmurBlock = (h: number, word: number): number => {
  const mixed = h ^ scramble(word);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
};

export const murmurTail = (h: number, word: number): number => h ^ scramble(word);

export const murmurEnd = (hash: number): number => {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
};

/** MurmurHash3 x86 32 of bytes[start, start + length), as an unsigned 32-bit number. */
export function murmur3(bytes: Uint8Array, start: number, length: number, seed = 0): number {
  const tail = start + (length & ~3);
  let h = seed | 0;
  let p = start;
  for (; p < tail; p += 4) {
    const word =
      (bytes[p] ?? 0) |
      ((bytes[p + 1] ?? 0) << 8) |
      ((bytes[p + 2] ?? 0) << 16) |
      ((bytes[p + 3] ?? 0) << 24);
    h = murmurBlock(h, word);
  }
  const left = length & 3;
  if (left > 0) {
    let word = bytes[p] ?? 0;
    if (left > 1) word |= (bytes[p + 1] ?? 0) << 8;
    if (left > 2) word |= (bytes[p + 2] ?? 0) << 16;
    h = murmurTail(h, word);
  }
  return murmurEnd(h ^ length) >>> 0;
}

/** {@link murmur3} with seed 0 of the first `length` bytes of little-endian words; in the last one zeros follow. */
export function murmurOfWords(words: Int32Array, length: number): number {
  const whole = length >> 2;
  let h = 0;
  for (let i = 0; i < whole; i++) h = murmurBlock(h, words[i] ?? 0);
  if ((length & 3) !== 0) h = murmurTail(h, words[whole] ?? 0);
  return murmurEnd(h ^ length) >>> 0;
}

/**
 * Flink's hash of a hash code: MurmurHash3 of the four bytes of `code` with seed 0, made non-negative the way
 * Java's negation does it (the one number without a positive counterpart becomes 0). hot path: in one piece, since
 * what is inlined into the path of a record has to be short.
 */
export function murmurOfInt(code: number): number {
  let h = imul(code, 0xcc9e2d51);
  h = imul((h << 15) | (h >>> 17), 0x1b873593);
  h = (imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) ^ 4;
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  // Without a branch, which every other key would take: the sign of a hash cannot be predicted.
  const sign = h >> 31;
  return ((h ^ sign) - sign) & 0x7fff_ffff;
}
