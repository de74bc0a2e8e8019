import { MillraceError } from '../base/millrace-error.js';
import { type AggregateFunction, checkFolded } from './aggregate-function.js';
import type { ValueState } from './value-state.js';

/** One accumulator per key. */
export interface AggregatingState<IN, OUT> {
  /** The function's result for the current accumulator, or undefined if nothing was added. */
  get(): OUT | undefined;
  add(value: IN): void;
  clear(): void;
}

/** An {@link AggregatingState} over the row of its accumulator. */
export class KeyedAggregatingState<IN, ACC, OUT> implements AggregatingState<IN, OUT> {
  readonly #accumulator: ValueState<ACC>;
  readonly #aggregate: AggregateFunction<IN, ACC, OUT>;

  constructor(accumulator: ValueState<ACC>, aggregate: AggregateFunction<IN, ACC, OUT>) {
    this.#accumulator = accumulator;
    this.#aggregate = aggregate;
  }

  get(): OUT | undefined {
    const accumulator = this.#accumulator.value();
    return accumulator === undefined ? undefined : this.#aggregate.getResult(accumulator);
  }

  add(value: IN): void {
    const aggregate = this.#aggregate;
    const before = this.#accumulator.value();
    const after = aggregate.add(value, before === undefined ? aggregate.createAccumulator() : before);
    this.#accumulator.update(checkFolded(after, 'add of an aggregate function'));
  }

  clear(): void {
    this.#accumulator.clear();
  }

  /** What was folded so far; undefined if nothing was. */
  accumulator(): ACC | undefined {
    return this.#accumulator.value();
  }

  /** @throws MillraceError MR1001 if the function cannot merge two accumulators */
  mergeIn(accumulator: ACC): void {
    const { merge } = this.#aggregate;
    if (merge === undefined) {
      throw new MillraceError('MR1001', 'An aggregating state cannot be merged.', {
        why: 'Its aggregate function has no merge.',
        hint: 'Give it a merge(a, b), which makes one accumulator of two.',
      });
    }
    const before = this.#accumulator.value();
    const merged = before === undefined ? accumulator : merge.call(this.#aggregate, before, accumulator);
    this.#accumulator.update(checkFolded(merged, 'merge of an aggregate function'));
  }
}
