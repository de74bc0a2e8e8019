import type { OperatorStateStore } from '../state/operator-state-store.js';
import type { KeyedStates } from './keyed-process-function.js';
import type { TimerService } from './timer-service.js';

/**
 * Writes the keyed state of an operator from records, one after another: what they leave behind is the state that a job
 * begins with.
 *
 * @example
 * ```ts
 * // The state of an operator that counts clicks, from counts that were kept elsewhere.
 * function counts(): KeyedStateBootstrapFunction<string, { page: string; clicks: number }> {
 *   let count: ValueState<number>;
 *   return {
 *     open(ctx) {
 *       count = ctx.getState(new ValueStateDescriptor('count', types.int32));
 *     },
 *     processElement: ({ clicks }) => count.update(clicks),
 *   };
 * }
 * ```
 */
export interface KeyedStateBootstrapFunction<K, T> {
  /** Once, before the first record: the place to ask for state. */
  open?(ctx: KeyedStates): void;
  processElement(value: T, ctx: KeyedBootstrapContext<K>): void;
  /** Once, at the end or after a failure. */
  close?(): void;
}

/** Valid only during the call that it is given to. */
export interface KeyedBootstrapContext<K> {
  readonly currentKey: K;
  /** Timers that are registered here fire in the job: those of a process function on a keyed stream. */
  readonly timerService: TimerService;
}

/** Writes the state of an operator that belongs to no key. */
export interface StateBootstrapFunction<T> {
  /** Once, before the first record: the place to ask for state. */
  open?(ctx: OperatorStateStore): void;
  processElement(value: T): void;
  /** Once, at the end or after a failure. */
  close?(): void;
}
