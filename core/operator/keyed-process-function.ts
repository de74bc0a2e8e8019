import type { OutputTag } from '../api/output-tag.js';
import type { AggregatingState } from '../state/aggregating-state.js';
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
import type { Collector } from './collector.js';
import type { RichFunction } from './rich-function.js';
import type { RuntimeContext } from './runtime-context.js';
import type { TimerService } from './timer-service.js';

/**
 * Sees each record of a keyed stream, with state and timers of the record's key.
 *
 * One object serves all keys of a subtask: what belongs to a key goes into state, never into fields.
 *
 * @example
 * ```ts
 * // Says which users have been silent for a minute.
 * function silent(): KeyedProcessFunction<string, Click, string> {
 *   let last: ValueState<number>;
 *   return {
 *     open(ctx) {
 *       last = ctx.getState(new ValueStateDescriptor('last', types.timestamp));
 *     },
 *     processElement(click, ctx) {
 *       last.update(click.time);
 *       ctx.timerService.registerEventTimeTimer(click.time + 60_000);
 *     },
 *     onTimer(timestamp, ctx, out) {
 *       if (last.value() === timestamp - 60_000) out.collect(ctx.currentKey);
 *     },
 *   };
 * }
 * ```
 */
export interface KeyedProcessFunction<K, T, R> extends RichFunction<KeyedRuntimeContext> {
  processElement(value: T, ctx: KeyedProcessContext<K>, out: Collector<R>): void;
  /** A timer of the key `ctx.currentKey` has come. Results of an event-time one have its timestamp. */
  onTimer?(timestamp: number, ctx: OnTimerContext<K>, out: Collector<R>): void;
}

/**
 * Where keyed state comes from. The state found is that of the current key at each use.
 *
 * @example
 * ```ts
 * const last = ctx.getState(new ValueStateDescriptor('last', types.timestamp));
 * const perPage = ctx.getMapState(new MapStateDescriptor('perPage', types.string, types.int32));
 * ```
 */
export interface KeyedStates {
  /**
   * @throws MillraceError MR2006 if the name stands for other state of this operator, MR2103 if it was
   *   restored with another type
   */
  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T>;
  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T>;
  getMapState<K, V>(descriptor: MapStateDescriptor<K, V>): MapState<K, V>;
  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T>;
  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT>;
}

/** What `open` of a function on a keyed stream is given: {@link RuntimeContext}, and state. */
export interface KeyedRuntimeContext extends RuntimeContext, KeyedStates {}

/** Valid only during the call that it is given to. */
export interface KeyedProcessContext<K> extends KeyedRuntimeContext {
  /** Event time of the record, or time of the timer; undefined for a record without one. */
  readonly timestamp: number | undefined;
  readonly currentKey: K;
  readonly timerService: TimerService;
  /** Sends a value to a side output; it has the timestamp of the record or timer. */
  output<X>(tag: OutputTag<X>, value: X): void;
}

/** Which clock a timer waits for. */
export type TimeDomain = 'event-time' | 'processing-time';

/** Valid only during the call of `onTimer` that it is given to. */
export interface OnTimerContext<K> extends KeyedProcessContext<K> {
  readonly timeDomain: TimeDomain;
}
