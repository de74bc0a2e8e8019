import type { Prng } from '../../core/base/prng.js';
import type { Infer } from '../../core/serde/type-descriptor.js';
import { types } from '../../core/serde/types.js';

/** Records of many sizes whose content is known to both sides, drawn from the same seed. */
export const litmusRecord = types.object({ id: types.int32, text: types.string, sum: types.float64 });

export type LitmusRecord = Infer<typeof litmusRecord>;

const LETTERS = 'The quick brown fox jumps over the lazy dog. Zwölf Boxkämpfer jagen Viktor. '.repeat(60);

/** Draws the same from `random` on every thread; the last field is a checksum over the others. */
export function makeRecord(id: number, random: Prng): LitmusRecord {
  const length = random.chance(0.01) ? random.below(4000) : random.below(60);
  const from = random.below(500);
  const text = LETTERS.slice(from, from + length);
  return { id, text, sum: checksum(id, text) };
}

export function checksum(id: number, text: string): number {
  let sum = id;
  for (let i = 0; i < text.length; i += 7) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) | 0;
  return sum;
}
