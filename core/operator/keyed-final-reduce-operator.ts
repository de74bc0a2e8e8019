import { checkFolded, type ReduceFunction } from '../state/aggregate-function.js';
import { AbstractKeyedOperator } from './abstract-keyed-operator.js';
import { FunctionLife } from './function-life.js';
import { KeyedOperatorContext } from './keyed-operator-context.js';
import type { KeyedRuntimeContext } from './keyed-process-function.js';
import type { KeyedReduction } from './keyed-reduction.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';

/**
 * Folds the records of a key and emits the last value alone, with the timestamp of the last record. For
 * batches: its records come a key at a time, and no checkpoint is taken.
 *
 * Invariant: `#hasValue` exactly while records of the current key have come and the key has not ended.
 */
class KeyedFinalReduceOperator<K, T> extends AbstractKeyedOperator<K, T, T> {
  readonly #fn: ReduceFunction<T>;
  readonly #life: FunctionLife<KeyedRuntimeContext>;
  #hasValue = false;
  #reduced: T | undefined;
  #timestamp = 0;

  constructor(context: ChainedOperatorContext, output: Output<T>, reduction: KeyedReduction<K, T>) {
    super(context, output, reduction.keySelector);
    this.#fn = reduction.fn;
    this.#life = this.withPart(new FunctionLife(context, reduction.life, 'a reduce function'));
  }

  override open(): void {
    this.#life.open(new KeyedOperatorContext(this.context, this.access));
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

export function keyedFinalReduceOperator<K, T>(reduction: KeyedReduction<K, T>): OperatorFactory {
  return {
    needsKeyedState: true,
    create: (context, output) => new KeyedFinalReduceOperator(context, output as Output<T>, reduction),
  };
}
