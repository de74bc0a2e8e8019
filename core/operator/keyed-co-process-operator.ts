import { NO_TIMESTAMP } from '../element/watermark.js';
import { StateNamespace } from '../state/key-context.js';
import type { KeyedCoProcessFunction } from './co-process-function.js';
import { ElementCollector } from './element-collector.js';
import { FunctionLife } from './function-life.js';
import type { KeySelector } from './functions.js';
import { KeyedElementContext } from './keyed-element-context.js';
import type { KeyedRuntimeContext, TimeDomain } from './keyed-process-function.js';
import { KeyedTwoInputOperator } from './keyed-two-input-operator.js';
import type { ChainedOperatorContext, OperatorFactory, OperatorSnapshot, Output } from './stream-operator.js';
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
  readonly #collector: ElementCollector<R>;
  readonly #functionContext: KeyedElementContext<K>;

  constructor(
    context: ChainedOperatorContext,
    output: Output<R>,
    keys: TwoKeySelectors<A, B, K>,
    fn: KeyedCoProcessFunction<K, A, B, R>,
  ) {
    super(context, output, { name: 'user', namespace: StateNamespace.VOID });
    this.#keys = keys;
    this.#fn = fn;
    this.#life = new FunctionLife(context, fn, 'a keyed co-process function');
    this.#collector = new ElementCollector(context, output);
    this.#functionContext = new KeyedElementContext(context, output, this.access, this.timers);
  }

  override open(): void {
    this.#life.open(this.#functionContext);
  }

  processElement1(value: A, timestamp: number): void {
    const { first } = this.#keys;
    this.context.userCode.node = this.context.chainIndex;
    this.access.keys.setCurrentKey(first(value));
    this.#collector.timestamp = timestamp;
    this.#functionContext.time = timestamp;
    const returned: unknown = this.#fn.processElement1(value, this.#functionContext, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement1 of a keyed co-process function');
  }

  processElement2(value: B, timestamp: number): void {
    const { second } = this.#keys;
    this.context.userCode.node = this.context.chainIndex;
    this.access.keys.setCurrentKey(second(value));
    this.#collector.timestamp = timestamp;
    this.#functionContext.time = timestamp;
    const returned: unknown = this.#fn.processElement2(value, this.#functionContext, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement2 of a keyed co-process function');
  }

  onEventTime(timestamp: number): void {
    this.#collector.timestamp = timestamp;
    this.#onTimer(timestamp, 'event-time');
  }

  onProcessingTime(timestamp: number): void {
    this.#collector.timestamp = NO_TIMESTAMP;
    this.#onTimer(timestamp, 'processing-time');
  }

  override snapshotState(checkpointId: number): OperatorSnapshot {
    const own = this.#life.snapshotState(checkpointId);
    const { keyed, lists } = super.snapshotState(checkpointId);
    return { keyed, lists: { ...lists, ...own } };
  }

  override notifyCheckpointComplete(checkpointId: number): void {
    super.notifyCheckpointComplete(checkpointId);
    this.#life.notifyCheckpointComplete(checkpointId);
  }

  override notifyCheckpointAborted(checkpointId: number): void {
    super.notifyCheckpointAborted(checkpointId);
    this.#life.notifyCheckpointAborted(checkpointId);
  }

  override close(): void {
    this.#life.close();
  }

  #onTimer(timestamp: number, domain: TimeDomain): void {
    const functionContext = this.#functionContext;
    functionContext.time = timestamp;
    functionContext.timeDomain = domain;
    this.context.userCode.node = this.context.chainIndex;
    const returned: unknown = this.#fn.onTimer?.(timestamp, functionContext, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'onTimer of a keyed co-process function');
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
