import type { Collector } from '../operator/collector.js';
import type { KeyedRuntimeContext } from '../operator/keyed-process-function.js';
import type { RichFunction } from '../operator/rich-function.js';
import type { ProcessWindowContext } from './process-window-function.js';

/**
 * Makes results of a window over a whole stream. After `reduce` or `aggregate` the elements are their single
 * result; otherwise all records of the window, in the order in which they came.
 *
 * @example
 * ```ts
 * clicks.windowAll(TumblingEventTimeWindows.of('1 min')).process<number>({
 *   process(ctx, elements, out) {
 *     out.collect(elements.length);
 *   },
 * });
 * ```
 */
export interface ProcessAllWindowFunction<IN, OUT> extends RichFunction<KeyedRuntimeContext> {
  /** Results have the timestamp `ctx.window.end - 1`. */
  process(ctx: ProcessWindowContext, elements: readonly IN[], out: Collector<OUT>): void;
  /** The window goes: clear what was put into its `windowState()`. */
  clear?(ctx: ProcessWindowContext): void;
}
