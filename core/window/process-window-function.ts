import type { OutputTag } from '../api/output-tag.js';
import type { Collector } from '../operator/collector.js';
import type { KeyedRuntimeContext, KeyedStates } from '../operator/keyed-process-function.js';
import type { RichFunction } from '../operator/rich-function.js';
import type { RuntimeContext } from '../operator/runtime-context.js';
import type { TimeWindow } from './time-window.js';

/**
 * Makes results of a window that fires. After `reduce` or `aggregate` the elements are their single result;
 * otherwise all records of the window, in the order in which they came, which then are all kept.
 *
 * @example
 * ```ts
 * windowed.process<{ user: string; hour: number; clicks: number }>({
 *   process(key, ctx, elements, out) {
 *     out.collect({ user: key, hour: ctx.window.start, clicks: elements.length });
 *   },
 * });
 * ```
 */
export interface ProcessWindowFunction<K, IN, OUT> extends RichFunction<KeyedRuntimeContext> {
  /** Results have the timestamp `ctx.window.end - 1`. */
  process(key: K, ctx: ProcessWindowContext, elements: readonly IN[], out: Collector<OUT>): void;
  /** The window goes: clear what was put into its `windowState()`. */
  clear?(ctx: ProcessWindowContext): void;
}

/** Valid only during the call that it is given to. */
export interface ProcessWindowContext extends RuntimeContext {
  /** `start` is in the window, `end` is not. */
  readonly window: TimeWindow;
  currentWatermark(): number;
  currentProcessingTime(): number;
  /** State of the key and this window; it must be cleared in `clear`. */
  windowState(): KeyedStates;
  /** State of the key, which no window ends. */
  globalState(): KeyedStates;
  output<X>(tag: OutputTag<X>, value: X): void;
}
