import type { OutputTag } from '../api/output-tag.js';
import { NO_TIMESTAMP } from '../element/watermark.js';
import type { AggregatingState } from '../state/aggregating-state.js';
import { StateNamespace } from '../state/key-context.js';
import type { KeyedStateAccess } from '../state/keyed-state-access.js';
import type { ListState } from '../state/list-state.js';
import type { MapState } from '../state/map-state.js';
import type { ReducingState } from '../state/reducing-state.js';
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../state/state-descriptor.js';
import type { ValueState } from '../state/value-state.js';
import { AbstractTimerOperator } from './abstract-timer-operator.js';
import { ElementCollector } from './element-collector.js';
import type { KeySelector } from './functions.js';
import type { KeyedProcessFunction, OnTimerContext, TimeDomain } from './keyed-process-function.js';
import { OperatorRuntimeContext } from './runtime-context.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';
import type { TimerService } from './timer-service.js';

/** Runs a {@link KeyedProcessFunction}. hot path: the keyed-count bench. */
class KeyedProcessOperator<K, T, R> extends AbstractTimerOperator<K, T, R> {
  readonly #fn: KeyedProcessFunction<K, T, R>;
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
    this.#collector = new ElementCollector(context, output);
    this.#functionContext = new KeyedElementContext(context, output, this.access, this.timers);
  }

  override open(): void {
    this.context.userCode.node = this.context.chainIndex;
    expectNoPromise(this.#fn.open?.(this.#functionContext), 'open of a keyed process function');
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

  override close(): void {
    this.context.userCode.node = this.context.chainIndex;
    this.#fn.close?.();
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

/** The one context that all calls of a function are given; the operator sets what changes. */
class KeyedElementContext<K> extends OperatorRuntimeContext implements OnTimerContext<K> {
  readonly timerService: TimerService;
  time: number;
  timeDomain: TimeDomain;
  readonly #output: Output<unknown>;
  readonly #access: KeyedStateAccess;

  constructor(
    context: ChainedOperatorContext,
    output: Output<never>,
    access: KeyedStateAccess,
    timerService: TimerService,
  ) {
    super(context);
    this.timerService = timerService;
    this.time = NO_TIMESTAMP;
    this.timeDomain = 'event-time';
    this.#output = output;
    this.#access = access;
  }

  get timestamp(): number | undefined {
    return this.time === NO_TIMESTAMP ? undefined : this.time;
  }

  get currentKey(): K {
    return this.#access.keys.currentKey as K;
  }

  output<X>(tag: OutputTag<X>, value: X): void {
    this.#output.sideOutput(tag, value, this.time);
  }

  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T> {
    return this.#access.getState(descriptor);
  }

  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.#access.getListState(descriptor);
  }

  getMapState<MK, V>(descriptor: MapStateDescriptor<MK, V>): MapState<MK, V> {
    return this.#access.getMapState(descriptor);
  }

  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T> {
    return this.#access.getReducingState(descriptor);
  }

  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT> {
    return this.#access.getAggregatingState(descriptor);
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
