import type { Collector } from './collector.js';
import type { KeyedStates } from './keyed-process-function.js';

/**
 * Reads the keyed state of an operator out of a savepoint, key by key. The state is that of the key, at each use; what
 * is written into it goes nowhere.
 *
 * @example
 * ```ts
 * function counts(): KeyedStateReaderFunction<string, { page: string; clicks: number }> {
 *   let count: ValueState<number>;
 *   return {
 *     open(ctx) {
 *       count = ctx.getState(new ValueStateDescriptor('count', types.int32));
 *     },
 *     readKey: (page, _ctx, out) => out.collect({ page, clicks: count.value() ?? 0 }),
 *   };
 * }
 * ```
 */
export interface KeyedStateReaderFunction<K, R> {
  /** Once for each subtask that the operator had: the place to ask for state. Keys are those of what is asked for. */
  open(ctx: KeyedStates): void;
  readKey(key: K, ctx: KeyedReaderContext, out: Collector<R>): void;
}

/** Valid only during the call that it is given to. */
export interface KeyedReaderContext {
  /** Times of the key's timers, ascending, if a process function on a keyed stream set any. */
  registeredEventTimeTimers(): readonly number[];
  registeredProcessingTimeTimers(): readonly number[];
}
