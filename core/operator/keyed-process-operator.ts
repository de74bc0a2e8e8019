import { StateNamespace } from '../state/key-context.js';
import { AbstractTimerOperator } from './abstract-timer-operator.js';
import { FunctionLife } from './function-life.js';
import type { KeySelector } from './functions.js';
import { KeyedCalls } from './keyed-calls.js';
import { KeyedElementContext } from './keyed-element-context.js';
import type { KeyedProcessFunction, KeyedRuntimeContext } from './keyed-process-function.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

/** Runs a {@link KeyedProcessFunction}. hot path: the keyed-count bench. */
class KeyedProcessOperator<K, T, R> extends AbstractTimerOperator<K, T, R> {
  readonly #fn: KeyedProcessFunction<K, T, R>;
  readonly #life: FunctionLife<KeyedRuntimeContext>;
  readonly #calls: KeyedCalls<R, KeyedElementContext<K>>;

  constructor(
    context: ChainedOperatorContext,
    output: Output<R>,
    keySelector: KeySelector<T, K>,
    fn: KeyedProcessFunction<K, T, R>,
  ) {
    super(context, output, keySelector, { name: 'user', namespace: StateNamespace.VOID });
    this.#fn = fn;
    this.#life = this.withPart(new FunctionLife(context, fn, 'a keyed process function'));
    const functionContext = new KeyedElementContext<K>(context, output, this.access, this.timers);
    this.#calls = new KeyedCalls(context, output, fn, functionContext);
  }

  override open(): void {
    this.#life.open(this.#calls.functionContext);
  }

  processElement(value: T, timestamp: number): void {
    const keySelector = this.keySelector;
    const { functionContext, collector } = this.#calls;
    collector.begin(functionContext, timestamp);
    this.access.keys.setCurrentKey(keySelector(value));
    const returned: unknown = this.#fn.processElement(value, functionContext, collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement of a keyed process function');
  }

  onEventTime(timestamp: number): void {
    this.#calls.onEventTime(timestamp);
  }

  onProcessingTime(timestamp: number): void {
    this.#calls.onProcessingTime(timestamp);
  }
}

export function keyedProcessOperator<K, T, R>(
  keySelector: KeySelector<T, K>,
  fn: KeyedProcessFunction<K, T, R>,
): OperatorFactory {
  return {
    needsKeyedState: true,
    create: (context, output) => new KeyedProcessOperator(context, output as Output<R>, keySelector, fn),
  };
}
