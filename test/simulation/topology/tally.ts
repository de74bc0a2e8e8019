import type { IntCounter, RichMapFunction } from '../../../core/index.js';

/**
 * Maps, and counts what it has mapped in an accumulator. Before a sink, and named by the sink's folder, it comes to the
 * number of lines there: see accumulator-checker.ts.
 */
export function tallied<T, R>(folder: string, map: (value: T) => R): RichMapFunction<T, R> {
  let counter: IntCounter | undefined;
  return {
    open(ctx) {
      counter = ctx.getIntCounter(folder);
    },
    map(value) {
      counter?.add(1);
      return map(value);
    },
  };
}
