import type { BroadcastState, ReadOnlyBroadcastState } from '../state/broadcast-state.js';
import type { ListState } from '../state/list-state.js';
import type { MapState } from '../state/map-state.js';
import type { ReducingState } from '../state/reducing-state.js';
import type {
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../state/state-descriptor.js';
import type { ValueState } from '../state/value-state.js';
import type { Collector } from './collector.js';
import type { KeyedProcessContext, KeyedRuntimeContext, OnTimerContext } from './keyed-process-function.js';
import type { ProcessContext } from './process-function.js';
import type { RichFunction } from './rich-function.js';
import type { RuntimeContext } from './runtime-context.js';

/** Reads broadcast state. */
export interface BroadcastReader {
  /** @throws MillraceError MR1001 if the descriptor was not given to `broadcast(...)` */
  getBroadcastState<K, V>(descriptor: MapStateDescriptor<K, V>): ReadOnlyBroadcastState<K, V>;
}

/** Reads and changes broadcast state. */
export interface BroadcastWriter {
  /** @throws MillraceError MR1001 if the descriptor was not given to `broadcast(...)` */
  getBroadcastState<K, V>(descriptor: MapStateDescriptor<K, V>): BroadcastState<K, V>;
}

/** For a record of the stream that is not broadcast: it reads the broadcast state. */
export interface BroadcastReadOnlyContext extends ProcessContext, BroadcastReader {}

/** For a record of the broadcast stream: it changes the broadcast state. */
export interface BroadcastContext extends ProcessContext, BroadcastWriter {}

/**
 * Sees the records of a stream beside those of a broadcast one, which come to every subtask and make the
 * state that the former may read.
 *
 * @example
 * ```ts
 * const limits = new MapStateDescriptor('limits', types.string, types.float64);
 * readings.connect(changes.broadcast(limits)).process<Reading>({
 *   processElement(reading, ctx, out) {
 *     const limit = ctx.getBroadcastState(limits).get(reading.sensor) ?? 100;
 *     if (reading.value > limit) out.collect(reading);
 *   },
 *   processBroadcastElement(change, ctx) {
 *     ctx.getBroadcastState(limits).put(change.sensor, change.limit);
 *   },
 * });
 * ```
 */
export interface BroadcastProcessFunction<A, B, R> extends RichFunction<RuntimeContext> {
  processElement(value: A, ctx: BroadcastReadOnlyContext, out: Collector<R>): void;
  /** Must do the same in every subtask. */
  processBroadcastElement(value: B, ctx: BroadcastContext, out: Collector<R>): void;
  /** Timers belong to keys: a function with keys is not taken for one without. */
  readonly onTimer?: never;
}

/** For a record of the keyed stream: state and timers of its key, and the broadcast state to read. */
export interface KeyedBroadcastReadOnlyContext<K> extends KeyedProcessContext<K>, BroadcastReader {}

/** For a timer of the keyed stream. */
export interface KeyedBroadcastOnTimerContext<K> extends OnTimerContext<K>, BroadcastReader {}

/** The state of one key, as {@link KeyedBroadcastContext.applyToKeyedState} hands it out. */
export interface ApplyToKeyedState<K> {
  <T>(descriptor: ValueStateDescriptor<T>, fn: (key: K, state: ValueState<T>) => void): void;
  <T>(descriptor: ListStateDescriptor<T>, fn: (key: K, state: ListState<T>) => void): void;
  <T>(descriptor: ReducingStateDescriptor<T>, fn: (key: K, state: ReducingState<T>) => void): void;
  <MK, V>(descriptor: MapStateDescriptor<MK, V>, fn: (key: K, state: MapState<MK, V>) => void): void;
}

/** For a record of the broadcast stream beside a keyed one. */
export interface KeyedBroadcastContext<K> extends ProcessContext, BroadcastWriter {
  /**
   * Calls `fn` for every key of this subtask that has something in the state, key group by key group. Other
   * states that `open` asked for may be used inside: they are those of the same key.
   */
  readonly applyToKeyedState: ApplyToKeyedState<K>;
}

/**
 * {@link BroadcastProcessFunction} for a keyed stream: beside the broadcast state there are state and timers
 * of the record's key.
 *
 * @example
 * ```ts
 * const seen = new ValueStateDescriptor('seen', types.int32);
 * let count: ValueState<number>;
 * clicks
 *   .keyBy((click) => click.user)
 *   .connect(commands.broadcast(patterns))
 *   .process<string>({
 *     open(ctx) {
 *       count = ctx.getState(seen);
 *     },
 *     processElement: () => count.update((count.value() ?? 0) + 1),
 *     processBroadcastElement(_command, ctx, out) {
 *       ctx.applyToKeyedState(seen, (user, state) => out.collect(`${user} clicked ${state.value()} times`));
 *     },
 *   });
 * ```
 */
export interface KeyedBroadcastProcessFunction<K, A, B, R> extends RichFunction<KeyedRuntimeContext> {
  processElement(value: A, ctx: KeyedBroadcastReadOnlyContext<K>, out: Collector<R>): void;
  /** No key is current here, and no timer can be set. Must do the same in every subtask. */
  processBroadcastElement(value: B, ctx: KeyedBroadcastContext<K>, out: Collector<R>): void;
  onTimer?(timestamp: number, ctx: KeyedBroadcastOnTimerContext<K>, out: Collector<R>): void;
}
