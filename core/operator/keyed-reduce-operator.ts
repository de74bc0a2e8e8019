import { checkFolded, type ReduceFunction } from '../state/aggregate-function.js';
import { ValueStateDescriptor } from '../state/state-descriptor.js';
import type { ValueState } from '../state/value-state.js';
import { AbstractKeyedOperator } from './abstract-keyed-operator.js';
import { FunctionLife } from './function-life.js';
import { KeyedOperatorContext } from './keyed-operator-context.js';
import type { KeyedRuntimeContext } from './keyed-process-function.js';
import type { KeyedReduction } from './keyed-reduction.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';

/** Folds each record into the value of its key and emits the new value. hot path: the keyed-count bench. */
class KeyedReduceOperator<K, T> extends AbstractKeyedOperator<K, T, T> {
  readonly #fn: ReduceFunction<T>;
  readonly #life: FunctionLife<KeyedRuntimeContext>;
  readonly #reduced: ValueState<T>;

  constructor(context: ChainedOperatorContext, output: Output<T>, reduction: KeyedReduction<K, T>) {
    super(context, output, reduction.keySelector);
    this.#fn = reduction.fn;
    this.#life = this.withPart(new FunctionLife(context, reduction.life, 'a reduce function'));
    this.#reduced = this.access.getState(new ValueStateDescriptor('reduced', reduction.type()));
  }

  override open(): void {
    this.#life.open(new KeyedOperatorContext(this.context, this.access));
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

export function keyedReduceOperator<K, T>(reduction: KeyedReduction<K, T>): OperatorFactory {
  return {
    needsKeyedState: true,
    create: (context, output) => new KeyedReduceOperator(context, output as Output<T>, reduction),
  };
}
