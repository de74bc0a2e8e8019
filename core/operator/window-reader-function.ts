import type { TimeWindow } from '../window/time-window.js';
import type { Collector } from './collector.js';

/**
 * Reads what windows hold out of a savepoint, one window of one key after another.
 *
 * @example
 * ```ts
 * const open: WindowReaderFunction<string, number, string> = {
 *   readWindow: (sensor, ctx, [sum], out) => out.collect(`${sensor} ${ctx.window.start} ${sum}`),
 * };
 * ```
 */
export interface WindowReaderFunction<K, E, R> {
  /** `elements`: the accumulator of an aggregate, the value of a reduce, or else all elements as they came. */
  readWindow(key: K, ctx: WindowReaderContext, elements: readonly E[], out: Collector<R>): void;
}

/** Valid only during the call that it is given to. */
export interface WindowReaderContext {
  /**
   * Under which the contents are kept: of sliding windows the pane that several of them share, of a session the window
   * with which it began.
   */
  readonly window: TimeWindow;
}
