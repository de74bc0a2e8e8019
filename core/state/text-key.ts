import { murmurBlock, murmurEnd, murmurTail } from '../base/murmur3.js';
import { KeyTag } from '../serde/key-layout.js';

/** hot path: as in state-row.ts, constants of this file are part of the machine code, and imported ones are not. */
const TAG = KeyTag.STRING;
const block = murmurBlock;
const tail = murmurTail;
const end = murmurEnd;
const imul = Math.imul;
const POWER_2 = 31 * 31;
const POWER_3 = 31 * POWER_2;
const POWER_4 = 31 * POWER_3;
/** Bits that no character has which is written as it is, nor the second one before it. */
const NOT_PLAIN = ~0x7f;

/** Words that the key of a text of so many plain characters takes, with its zeros up to a multiple of 8 bytes. */
export function textKeyWords(characters: number): number {
  return ((characters + 9) >> 3) << 1;
}

/**
 * Walks a text once for all that its row is found by: the bytes of its key, as `encodeKey` writes them, their
 * `rowHash`, and Java's hash code. Of plain texts, whose characters are each a byte as they are: ASCII without the
 * codes 0 and 1.
 *
 * hot path: bench/scenarios/key-kinds
 */
export class TextKeyWalk {
  /** Java's hash code of the text. */
  code = 0;
  /** `rowHash` of the key. */
  hash = 0;

  /**
   * Writes the key at words[at], and zeros up to the next multiple of 8 bytes; {@link textKeyWords} have to be there.
   * Its length in bytes; 0: the text is not plain, and nothing is known.
   */
  walk(text: string, words: Int32Array, at: number): number {
    const count = text.length;
    let seen = 0;
    let code = 0;
    let hash = 0;
    let p = at;
    let i = 0;
    let word: number = TAG;
    if (count >= 3) {
      const a = text.charCodeAt(0);
      const b = text.charCodeAt(1);
      const c = text.charCodeAt(2);
      seen = a | b | c | (a - 2) | (b - 2) | (c - 2);
      code = imul(a, POWER_2) + imul(b, 31) + c;
      word |= (a << 8) | (b << 16) | (c << 24);
      words[p++] = word;
      hash = block(hash, word);
      word = 0;
      for (i = 3; i + 4 <= count; i += 4) {
        const d = text.charCodeAt(i);
        const e = text.charCodeAt(i + 1);
        const f = text.charCodeAt(i + 2);
        const g = text.charCodeAt(i + 3);
        seen |= d | e | f | g | (d - 2) | (e - 2) | (f - 2) | (g - 2);
        code = (imul(code, POWER_4) + imul(d, POWER_3) + imul(e, POWER_2) + imul(f, 31) + g) | 0;
        const next = d | (e << 8) | (f << 16) | (g << 24);
        words[p++] = next;
        hash = block(hash, next);
      }
    }
    // At most three characters are left, and the byte after them is the end of the key, 0.
    for (let shift = count < 3 ? 8 : 0; i < count; shift += 8) {
      const c = text.charCodeAt(i++);
      seen |= c | (c - 2);
      code = (imul(code, 31) + c) | 0;
      word |= c << shift;
    }
    if ((seen & NOT_PLAIN) !== 0) return 0;
    const length = count + 2;
    words[p++] = word;
    if (((p - at) & 1) !== 0) words[p] = 0;
    this.code = code;
    this.hash = end(((length & 3) === 0 ? block(hash, word) : tail(hash, word)) ^ length);
    return length;
  }
}
