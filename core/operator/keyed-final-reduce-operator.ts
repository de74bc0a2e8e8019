import { checkFolded, type ReduceFunction } from '../state/aggregate-function.js';
import { AbstractKeyedOperator } from './abstract-keyed-operator.js';
import type { KeySelector } from './functions.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';

/**
 * Folds the records of a key and emits the last value alone, with the timestamp of the last record. For
 * batches: its records come a key at a time, and no checkpoint is taken.
 *
 * Invariant: `#hasValue` exactly while records of the current key have come and the key has not ended.
 */
class KeyedFinalReduceOperator<K, T> extends AbstractKeyedOperator<K, T, T> {
  readonly #fn: ReduceFunction<T>;
  #hasValue = false;
  #reduced: T | undefined;
  #timestamp = 0;

  constructor(
    context: ChainedOperatorContext,
    output: Output<T>,
    keySelector: KeySelector<T, K>,
    fn: ReduceFunction<T>,
  ) {
    super(context, output, keySelector);
    this.#fn = fn;
  }

  processElement(value: T, timestamp: number): void {
    this.#timestamp = timestamp;
    if (!this.#hasValue) {
      this.#hasValue = true;
      this.#reduced = value;
      return;
    }
    const fn = this.#fn;
    this.context.userCode.node = this.context.chainIndex;
    this.#reduced = checkFolded(fn(this.#reduced as T, value), 'The function given to reduce');
  }

  override endKey(): boolean {
    if (!this.#hasValue) return true;
    const reduced = this.#reduced as T;
    this.#hasValue = false;
    this.#reduced = undefined;
    this.output.collect(reduced, this.#timestamp);
    return true;
  }
}

export function keyedFinalReduceOperator<K, T>(
  keySelector: KeySelector<T, K>,
  fn: ReduceFunction<T>,
): OperatorFactory {
  return {
    needsKeyedState: true,
    create: (context, output) => new KeyedFinalReduceOperator(context, output as Output<T>, keySelector, fn),
  };
}
