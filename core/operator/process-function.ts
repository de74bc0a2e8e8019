import type { OutputTag } from '../api/output-tag.js';
import type { Collector } from './collector.js';
import type { RichFunction } from './rich-function.js';
import type { RuntimeContext } from './runtime-context.js';
import type { TimeService } from './timer-service.js';

/**
 * Sees each record with its time, and has side outputs. For state and timers, use `keyBy` first.
 *
 * @example
 * ```ts
 * const rejected = new OutputTag<string>('rejected');
 * const numbers = lines.process<number>({
 *   processElement(line, ctx, out) {
 *     const number = Number(line);
 *     if (Number.isNaN(number)) ctx.output(rejected, line);
 *     else out.collect(number);
 *   },
 * });
 * ```
 */
export interface ProcessFunction<T, R> extends RichFunction<RuntimeContext> {
  processElement(value: T, ctx: ProcessContext, out: Collector<R>): void;
  /** Timers belong to keys: a function with keys is not taken for one without. */
  readonly onTimer?: never;
}

/** Valid only during the call that it is given to. */
export interface ProcessContext extends RuntimeContext {
  /** Event time of the record, or undefined if it has none. */
  readonly timestamp: number | undefined;
  readonly timerService: TimeService;
  /** Sends a value to a side output; it has the record's timestamp. */
  output<X>(tag: OutputTag<X>, value: X): void;
}
