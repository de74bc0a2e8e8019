import { checkFolded, type ReduceFunction } from './aggregate-function.js';
import type { ValueState } from './value-state.js';

/** One value per key into which every added value is folded at once. */
export interface ReducingState<T> {
  /** What the values added so far reduce to, or undefined if there were none. */
  get(): T | undefined;
  add(value: T): void;
  clear(): void;
}

/** A {@link ReducingState} over the row of a value. */
export class KeyedReducingState<T> implements ReducingState<T> {
  readonly #value: ValueState<T>;
  readonly #reduce: ReduceFunction<T>;

  constructor(value: ValueState<T>, reduce: ReduceFunction<T>) {
    this.#value = value;
    this.#reduce = reduce;
  }

  get(): T | undefined {
    return this.#value.value();
  }

  add(value: T): void {
    const before = this.#value.value();
    const reduce = this.#reduce;
    this.#value.update(
      before === undefined ? value : checkFolded(reduce(before, value), 'A reduce function'),
    );
  }

  clear(): void {
    this.#value.clear();
  }
}
