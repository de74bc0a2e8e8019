import { MillraceError } from '../base/millrace-error.js';
import { MAX_PARALLELISM_LIMIT } from '../graph/key-group.js';

/** @throws MillraceError MR1001 if it is no text, or empty */
export function checkText(text: string, what: string, of = 'an operator'): string {
  if (typeof text === 'string' && text.trim() !== '') return text;
  throw new MillraceError('MR1001', `The ${what} of ${of} is ${JSON.stringify(text)}.`, {
    hint: 'Give it a text that is not empty.',
  });
}

/** @throws MillraceError MR1001 if it is no whole number from 1 to 32768 */
export function checkCount(count: number, what: string): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_PARALLELISM_LIMIT) return count;
  throw new MillraceError('MR1001', `The ${what} is ${String(count)}.`, {
    hint: `Give a whole number from 1 to ${MAX_PARALLELISM_LIMIT}.`,
  });
}
