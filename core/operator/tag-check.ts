import { MillraceError } from '../base/millrace-error.js';

/**
 * Refuses what is no tag of a side output, such as its bare name: nobody reads under it, and whatever was sent
 * there would be lost without a word.
 *
 * @throws MillraceError MR1001
 */
export function checkOutputTag(tag: unknown): void {
  if (typeof tag === 'object' && tag !== null && 'id' in tag && typeof tag.id === 'string') return;
  const given = typeof tag === 'string' ? `the text '${tag}'` : `${tag === null ? 'null' : typeof tag}`;
  throw new MillraceError('MR1001', `A side output is named by an OutputTag, and ${given} was given.`, {
    hint: "Keep one: const late = new OutputTag('late'), and use it to send and to read.",
  });
}
