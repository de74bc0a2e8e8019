import { MillraceError } from '../base/millrace-error.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';

/**
 * Folds values into an accumulator and makes a result of it. All methods are synchronous and pure, but for
 * the accumulator: `add` and `merge` may change the one they are given and return it.
 *
 * @example
 * ```ts
 * const mean: AggregateFunction<number, { sum: number; count: number }, number> = {
 *   createAccumulator: () => ({ sum: 0, count: 0 }),
 *   add: (value, acc) => ({ sum: acc.sum + value, count: acc.count + 1 }),
 *   getResult: (acc) => acc.sum / acc.count,
 *   merge: (a, b) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
 * };
 * ```
 */
export interface AggregateFunction<IN, ACC, OUT> {
  /** Type of the accumulator in state; undeclared when absent. */
  readonly accumulatorType?: TypeDescriptor<ACC>;
  createAccumulator(): ACC;
  add(value: IN, accumulator: ACC): ACC;
  getResult(accumulator: ACC): OUT;
  /** Only merging windows (sessions) ask for it. */
  merge?(a: ACC, b: ACC): ACC;
}

/** Combines two values into one of the same type; associative. May change and return `a`. */
export type ReduceFunction<T> = (a: T, b: T) => T;

/** User functions of state are synchronous: a promise would be stored in the place of its value. */
export function refusePromise<T>(result: T, what: string): T {
  if (typeof result === 'object' && result instanceof Promise) {
    throw new MillraceError('MR5002', `${what} returned a promise.`, {
      hint: 'Functions over state are synchronous.',
    });
  }
  return result;
}

/**
 * What a function returned that folds a value into the one before. Undefined (a forgotten `return`) would be no
 * state at all, and what was folded so far would be lost.
 *
 * @throws MillraceError MR5002, MR1001
 */
export function checkFolded<T>(result: T, what: string): T {
  if (result !== undefined) return refusePromise(result, what);
  throw new MillraceError('MR1001', `${what} returned undefined.`, {
    hint: 'It returns the new value, also where it changes the one it was given. Was `return` forgotten?',
  });
}
