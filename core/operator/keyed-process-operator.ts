import { NO_TIMESTAMP } from '../element/watermark.js';
import { StateNamespace } from '../state/key-context.js';
import { AbstractTimerOperator } from './abstract-timer-operator.js';
import { ElementCollector } from './element-collector.js';
import { FunctionLife } from './function-life.js';
import type { KeySelector } from './functions.js';
import { KeyedElementContext } from './keyed-element-context.js';
import type { KeyedProcessFunction, KeyedRuntimeContext, TimeDomain } from './keyed-process-function.js';
import type { ChainedOperatorContext, OperatorFactory, OperatorSnapshot, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

/** Runs a {@link KeyedProcessFunction}. hot path: the keyed-count bench. */
class KeyedProcessOperator<K, T, R> extends AbstractTimerOperator<K, T, R> {
  readonly #fn: KeyedProcessFunction<K, T, R>;
  readonly #life: FunctionLife<KeyedRuntimeContext>;
  readonly #collector: ElementCollector<R>;
  readonly #functionContext: KeyedElementContext<K>;

  constructor(
    context: ChainedOperatorContext,
    output: Output<R>,
    keySelector: KeySelector<T, K>,
    fn: KeyedProcessFunction<K, T, R>,
  ) {
    super(context, output, keySelector, { name: 'user', namespace: StateNamespace.VOID });
    this.#fn = fn;
    this.#life = new FunctionLife(context, fn, 'a keyed process function');
    this.#collector = new ElementCollector(context, output);
    this.#functionContext = new KeyedElementContext(context, output, this.access, this.timers);
  }

  override open(): void {
    this.#life.open(this.#functionContext);
  }

  processElement(value: T, timestamp: number): void {
    const keySelector = this.keySelector;
    this.context.userCode.node = this.context.chainIndex;
    this.access.keys.setCurrentKey(keySelector(value));
    this.#collector.timestamp = timestamp;
    this.#functionContext.time = timestamp;
    const returned: unknown = this.#fn.processElement(value, this.#functionContext, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement of a keyed process function');
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
    if (returned !== undefined) expectNoPromise(returned, 'onTimer of a keyed process function');
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
