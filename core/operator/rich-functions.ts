import { refusePromise } from '../state/aggregate-function.js';
import type { Collector } from './collector.js';
import type { KeyedProcessFunction, KeyedRuntimeContext } from './keyed-process-function.js';
import type { ProcessFunction } from './process-function.js';
import { LIFE_METHODS, lifeOf, type RichFunction } from './rich-function.js';
import type { RuntimeContext } from './runtime-context.js';
import { checkFunctionObject, expectNoPromise } from './synchronous.js';

/** A map with a life; on a keyed stream with state of the key, which `open` asks for. */
export interface RichMapFunction<T, R, C = RuntimeContext> extends RichFunction<C> {
  map(value: T): R;
}

/** A filter with a life; see {@link RichMapFunction}. */
export interface RichFilterFunction<T, C = RuntimeContext> extends RichFunction<C> {
  filter(value: T): boolean;
}

/** A flatMap with a life; see {@link RichMapFunction}. */
export interface RichFlatMapFunction<T, R, C = RuntimeContext> extends RichFunction<C> {
  flatMap(value: T, out: Collector<R>): void;
}

/**
 * A reduce with a life. On a keyed stream `open` may ask for state of the key; the folded value itself is kept
 * for it, under the name `reduced`.
 *
 * @example
 * ```ts
 * // Counts how often the worst delay of an airport grew.
 * const grown = new IntCounter();
 * const worst = flights.keyBy((flight) => flight.origin).reduce({
 *   open: (ctx) => ctx.addAccumulator('grown', grown),
 *   reduce(a, b) {
 *     if (b.delay > a.delay) grown.add(1);
 *     return b.delay > a.delay ? b : a;
 *   },
 * });
 * ```
 */
export interface RichReduceFunction<T, C = KeyedRuntimeContext> extends RichFunction<C> {
  /** As {@link ReduceFunction}. */
  reduce(a: T, b: T): T;
}

/** What runs a rich function, with keys or without. */
export type RichProcess<T, R> = ProcessFunction<T, R> & KeyedProcessFunction<unknown, T, R>;

/** @throws MillraceError MR1001, MR5002 if it is no function object; so do the others */
export function processByMap<T, R>(fn: RichMapFunction<T, R, never>): RichProcess<T, R> {
  checkFunctionObject(fn, 'The function object given to map', ['map'], LIFE_METHODS);
  return {
    ...lifeOf<never>(fn),
    processElement: (value, _ctx, out) =>
      out.collect(refusePromise(fn.map(value), 'map of a function object')),
  };
}

export function processByFilter<T>(fn: RichFilterFunction<T, never>): RichProcess<T, T> {
  checkFunctionObject(fn, 'The function object given to filter', ['filter'], LIFE_METHODS);
  return {
    ...lifeOf<never>(fn),
    processElement: (value, _ctx, out) => {
      const kept: unknown = fn.filter(value);
      if (typeof kept !== 'boolean') expectNoPromise(kept, 'filter of a function object');
      if (kept) out.collect(value);
    },
  };
}

export function processByFlatMap<T, R>(fn: RichFlatMapFunction<T, R, never>): RichProcess<T, R> {
  checkFunctionObject(fn, 'The function object given to flatMap', ['flatMap'], LIFE_METHODS);
  return {
    ...lifeOf<never>(fn),
    processElement: (value, _ctx, out) =>
      expectNoPromise(fn.flatMap(value, out), 'flatMap of a function object'),
  };
}
