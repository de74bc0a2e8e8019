import type { Collector } from './collector.js';
import type { KeyedProcessContext, KeyedRuntimeContext, OnTimerContext } from './keyed-process-function.js';
import type { ProcessContext } from './process-function.js';
import type { RichFunction } from './rich-function.js';
import type { RuntimeContext } from './runtime-context.js';

/** One result for each record of either stream. */
export interface CoMapFunction<A, B, R> extends RichFunction<RuntimeContext> {
  map1(value: A): R;
  map2(value: B): R;
}

/** Any number of results for each record of either stream. */
export interface CoFlatMapFunction<A, B, R> extends RichFunction<RuntimeContext> {
  flatMap1(value: A, out: Collector<R>): void;
  flatMap2(value: B, out: Collector<R>): void;
}

/**
 * Sees the records of two connected streams, in any order between them, with time and side outputs. For state
 * and timers, key both streams.
 *
 * @example
 * ```ts
 * clicks.connect(orders).process<string>({
 *   processElement1: (click, _ctx, out) => out.collect(`click of ${click.user}`),
 *   processElement2: (order, _ctx, out) => out.collect(`order of ${order.user}`),
 * });
 * ```
 */
export interface CoProcessFunction<A, B, R> extends RichFunction<RuntimeContext> {
  processElement1(value: A, ctx: ProcessContext, out: Collector<R>): void;
  processElement2(value: B, ctx: ProcessContext, out: Collector<R>): void;
  /** Timers belong to keys: a function with keys is not taken for one without. */
  readonly onTimer?: never;
}

/**
 * Sees the records of two keyed streams, with state and timers of the key that both streams share.
 *
 * @example
 * ```ts
 * // Tells of orders that nobody clicked for.
 * let clicked: ValueState<boolean>;
 * clicks
 *   .keyBy((click) => click.user)
 *   .connect(orders.keyBy((order) => order.user))
 *   .process<string>({
 *     open(ctx) {
 *       clicked = ctx.getState(new ValueStateDescriptor('clicked', types.boolean));
 *     },
 *     processElement1: () => clicked.update(true),
 *     processElement2(order, ctx, out) {
 *       if (clicked.value() !== true) out.collect(`${ctx.currentKey} ordered ${order.item}`);
 *     },
 *   });
 * ```
 */
export interface KeyedCoProcessFunction<K, A, B, R> extends RichFunction<KeyedRuntimeContext> {
  processElement1(value: A, ctx: KeyedProcessContext<K>, out: Collector<R>): void;
  processElement2(value: B, ctx: KeyedProcessContext<K>, out: Collector<R>): void;
  /** A timer of the key `ctx.currentKey` has come. Results of an event-time one have its timestamp. */
  onTimer?(timestamp: number, ctx: OnTimerContext<K>, out: Collector<R>): void;
}
