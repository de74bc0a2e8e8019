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
}
