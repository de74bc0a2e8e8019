import { MillraceError } from '../base/millrace-error.js';
import { nearest } from '../base/nearest.js';

/**
 * Refuses options with names that mean nothing: a mistyped option must not be one that is silently unset.
 *
 * @throws MillraceError MR1001 naming the nearest known option
 */
export function checkOptionNames(options: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new MillraceError('MR1001', `${what} has no option '${name}'.`, {
      hint: meant === undefined ? `Its options are ${known.join(', ')}.` : `Did you mean '${meant}'?`,
    });
  }
}
