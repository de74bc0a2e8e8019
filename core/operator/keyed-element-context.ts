import type { OutputTag } from '../api/output-tag.js';
import { NO_TIMESTAMP } from '../element/watermark.js';
import type { AggregatingState } from '../state/aggregating-state.js';
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
import type { OnTimerContext, TimeDomain } from './keyed-process-function.js';
import { OperatorRuntimeContext } from './runtime-context.js';
import type { ChainedOperatorContext, Output } from './stream-operator.js';
import { checkOutputTag } from './tag-check.js';
import type { TimerService } from './timer-service.js';

/** The one context that all calls of a function with keys are given; the operator sets what changes. */
export class KeyedElementContext<K> extends OperatorRuntimeContext implements OnTimerContext<K> {
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
    checkOutputTag(tag);
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
