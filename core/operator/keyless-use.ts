import { MillraceError } from '../base/millrace-error.js';
import { LIFE_METHODS } from './rich-function.js';
import { checkFunctionObject } from './synchronous.js';

/** A function without keys may not ask for what belongs to a key; only untyped code can. */
export function refuseWithoutKey(what: string): never {
  throw new MillraceError('MR2005', `${what} was asked for by a function whose records have no key.`, {
    hint: 'Call keyBy(...) before process(...). What is broadcast beside a keyed stream has applyToKeyedState.',
  });
}

/**
 * {@link checkFunctionObject} for a function object of a stream without keys.
 *
 * @throws MillraceError MR1001, also if it waits for timers, which only keys have; MR5002
 */
export function checkKeylessFunction(
  fn: { readonly onTimer?: unknown },
  what: string,
  required: readonly string[],
): void {
  checkFunctionObject(fn, what, required, LIFE_METHODS);
  if (fn.onTimer === undefined) return;
  throw new MillraceError('MR1001', `${what} has onTimer, and was given to a stream that has no keys.`, {
    why: 'State and timers belong to a key.',
    hint: 'Call keyBy(...) before process(...).',
  });
}
