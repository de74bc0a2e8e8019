import type { MergeCallback, TimeWindow } from './time-window.js';
import type { Trigger } from './trigger.js';

/** What an assigner may ask. */
export interface WindowAssignerContext {
  /** Wall time, ms since the epoch. */
  currentProcessingTime(): number;
  /** In [0, 1), of the operator and its subtask: drawn, but the same at each start. */
  readonly staggerShare?: number;
}

/**
 * Says to which windows a record belongs. One object serves all keys of a subtask; it keeps no state that a
 * result depends on.
 *
 * @example
 * ```ts
 * // A window for each record, as long as the record says.
 * const ownLength: WindowAssigner<{ length: number }> = {
 *   assignWindows: (value, timestamp) => [new TimeWindow(timestamp, timestamp + value.length)],
 *   getDefaultTrigger: () => new EventTimeTrigger(),
 *   isEventTime: () => true,
 * };
 * ```
 */
export interface WindowAssigner<T = unknown> {
  /** For people: the name of the window operator. Without it, that of the class. */
  readonly name?: string;
  /**
   * The windows of a record with this timestamp (`Watermark.MIN` where it has none, in processing time). The
   * array is valid until the next call.
   */
  assignWindows(element: T, timestamp: number, ctx: WindowAssignerContext): readonly TimeWindow[];
  /** What fires them, unless the job says otherwise. */
  getDefaultTrigger(): Trigger<T>;
  /** Whether windows are of event time, so that they wait for watermarks and may be late. Always the same. */
  isEventTime(): boolean;
}

/**
 * An assigner whose windows grow together, as sessions do: the windows of a key that are to be one are merged
 * as soon as a record brings them together.
 *
 * @example
 * ```ts
 * const sessionsByText: MergingWindowAssigner<string> = {
 *   assignWindows: (text, timestamp) => [new TimeWindow(timestamp, timestamp + 1000 * text.length)],
 *   getDefaultTrigger: () => new EventTimeTrigger(),
 *   isEventTime: () => true,
 *   mergeWindows: TimeWindow.mergeWindows,
 * };
 * ```
 */
export interface MergingWindowAssigner<T = unknown> extends WindowAssigner<T> {
  /** Calls `merge` once for each group of windows that become one. No two groups share a window. */
  mergeWindows(windows: readonly TimeWindow[], merge: MergeCallback): void;
}

export function isMerging<T>(assigner: WindowAssigner<T>): assigner is MergingWindowAssigner<T> {
  return typeof (assigner as Partial<MergingWindowAssigner<T>>).mergeWindows === 'function';
}
