import type { IntCounter, RichMapFunction } from '../../../core/index.js';

/**
 * Maps, and counts what it has mapped in an accumulator. Named by a sink's folder, it is to come to the number of lines
 * there: see accumulator-checker.ts.
 */
export function tallied<T, R>(name: string, map: (value: T) => R): RichMapFunction<T, R> {
  let counter: IntCounter | undefined;
  return {
    open(ctx) {
      counter = ctx.getIntCounter(name);
    },
    map(value) {
      counter?.add(1);
      return map(value);
    },
  };
}
