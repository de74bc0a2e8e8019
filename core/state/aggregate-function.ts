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
