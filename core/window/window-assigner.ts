import type { TimeWindow } from './time-window.js';
import type { Trigger } from './trigger.js';

/**
 * Says to which windows a record belongs. One object serves all keys of a subtask; it keeps no state.
 *
 * @example
 * ```ts
 * // One window for all of time, which ends with the input.
 * const whole = [new TimeWindow(Watermark.MIN, Watermark.MAX)];
 * const wholeInput: WindowAssigner = {
 *   name: 'WholeInput',
 *   isEventTime: true,
 *   assignWindows: () => whole,
 *   defaultTrigger: new EventTimeTrigger(),
 * };
 * ```
 */
export interface WindowAssigner {
  /** For people: the name of the window operator. */
  readonly name: string;
  /** Whether windows are of event time, so that they wait for watermarks. */
  readonly isEventTime: boolean;
  /** The windows of a record with this timestamp, newest first. The array is valid until the next call. */
  assignWindows(timestamp: number): readonly TimeWindow[];
  /** What fires them, unless the job says otherwise. */
  readonly defaultTrigger: Trigger;
}
