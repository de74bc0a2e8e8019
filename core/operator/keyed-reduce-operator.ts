import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { checkFolded, type ReduceFunction } from '../state/aggregate-function.js';
import { ValueStateDescriptor } from '../state/state-descriptor.js';
import type { ValueState } from '../state/value-state.js';
import { AbstractKeyedOperator } from './abstract-keyed-operator.js';
import type { KeySelector } from './functions.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';

/** Folds each record into the value of its key and emits the new value. hot path: the keyed-count bench. */
class KeyedReduceOperator<K, T> extends AbstractKeyedOperator<K, T, T> {
  readonly #fn: ReduceFunction<T>;
  readonly #reduced: ValueState<T>;

  constructor(
    context: ChainedOperatorContext,
    output: Output<T>,
    keySelector: KeySelector<T, K>,
    fn: ReduceFunction<T>,
    type: TypeDescriptor<T>,
  ) {
    super(context, output, keySelector);
    this.#fn = fn;
    this.#reduced = this.access.getState(new ValueStateDescriptor('reduced', type));
  }

  processElement(value: T, timestamp: number): void {
    const keySelector = this.keySelector;
    this.context.userCode.node = this.context.chainIndex;
    this.access.keys.setCurrentKey(keySelector(value));
    const before = this.#reduced.value();
    let reduced = value;
    if (before !== undefined) {
      const fn = this.#fn;
      reduced = checkFolded(fn(before, value), 'The function given to reduce');
    }
    this.#reduced.update(reduced);
    this.output.collect(reduced, timestamp);
  }
}

/** `type`: of the records, asked for when the operator is made. */
export function keyedReduceOperator<K, T>(
  keySelector: KeySelector<T, K>,
  fn: ReduceFunction<T>,
  type: () => TypeDescriptor<T>,
): OperatorFactory {
  return {
    needsKeyedState: true,
    create: (context, output) =>
      new KeyedReduceOperator(context, output as Output<T>, keySelector, fn, type()),
  };
}
