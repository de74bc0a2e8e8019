import { StateNamespace } from '../state/key-context.js';
import type { KeyedCoProcessFunction } from './co-process-function.js';
import { FunctionLife } from './function-life.js';
import type { KeySelector } from './functions.js';
import { KeyedCalls } from './keyed-calls.js';
import { KeyedElementContext } from './keyed-element-context.js';
import type { KeyedRuntimeContext } from './keyed-process-function.js';
import { KeyedTwoInputOperator } from './keyed-two-input-operator.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

/** The key selectors of both inputs. */
export interface TwoKeySelectors<A, B, K> {
  readonly first: KeySelector<A, K>;
  readonly second: KeySelector<B, K>;
}

/** Runs a {@link KeyedCoProcessFunction}. */
class KeyedCoProcessOperator<K, A, B, R> extends KeyedTwoInputOperator<A, B, R> {
  readonly #keys: TwoKeySelectors<A, B, K>;
  readonly #fn: KeyedCoProcessFunction<K, A, B, R>;
  readonly #life: FunctionLife<KeyedRuntimeContext>;
  readonly #calls: KeyedCalls<R, KeyedElementContext<K>>;

  constructor(
    context: ChainedOperatorContext,
    output: Output<R>,
    keys: TwoKeySelectors<A, B, K>,
    fn: KeyedCoProcessFunction<K, A, B, R>,
  ) {
    super(context, output, { name: 'user', namespace: StateNamespace.VOID });
    this.#keys = keys;
    this.#fn = fn;
    this.#life = this.withPart(new FunctionLife(context, fn, 'a keyed co-process function'));
    const functionContext = new KeyedElementContext<K>(context, output, this.access, this.timers);
    this.#calls = new KeyedCalls(context, output, fn, functionContext);
  }

  override open(): void {
    this.#life.open(this.#calls.functionContext);
  }

  processElement1(value: A, timestamp: number): void {
    const { first } = this.#keys;
    const { functionContext, collector } = this.#calls;
    collector.begin(functionContext, timestamp);
    this.access.keys.setCurrentKey(first(value));
    const returned: unknown = this.#fn.processElement1(value, functionContext, collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement1 of a keyed co-process function');
  }

  processElement2(value: B, timestamp: number): void {
    const { second } = this.#keys;
    const { functionContext, collector } = this.#calls;
    collector.begin(functionContext, timestamp);
    this.access.keys.setCurrentKey(second(value));
    const returned: unknown = this.#fn.processElement2(value, functionContext, collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement2 of a keyed co-process function');
  }

  onEventTime(timestamp: number): void {
    this.#calls.onEventTime(timestamp);
  }

  onProcessingTime(timestamp: number): void {
    this.#calls.onProcessingTime(timestamp);
  }
}

export function keyedCoProcessOperator<K, A, B, R>(
  keys: TwoKeySelectors<A, B, K>,
  fn: KeyedCoProcessFunction<K, A, B, R>,
): OperatorFactory {
  return {
    needsKeyedState: true,
    create: (context, output) => new KeyedCoProcessOperator(context, output as Output<R>, keys, fn),
  };
}
