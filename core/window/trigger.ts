import type { TimeWindow } from './time-window.js';

/**
 * What is to be done with a window; the two can be combined.
 *
 * @example
 * ```ts
 * const onEach = (): TriggerResult => TriggerResult.FIRE;
 * ```
 */
export const TriggerResult = {
  CONTINUE: 0,
  /** Emit a result of what the window holds. */
  FIRE: 1,
  /** Forget what the window holds. The window itself, its timers included, stays. */
  PURGE: 2,
  FIRE_AND_PURGE: 3,
} as const;

export type TriggerResult = (typeof TriggerResult)[keyof typeof TriggerResult];

/**
 * Decides when windows fire. One object serves all windows of a subtask; it keeps no state in itself.
 *
 * @example
 * ```ts
 * // Shows what a window holds with every record, and forgets nothing.
 * const eager: Trigger = {
 *   onElement: () => TriggerResult.FIRE,
 *   onEventTime: () => TriggerResult.CONTINUE,
 *   onProcessingTime: () => TriggerResult.CONTINUE,
 *   clear() {},
 * };
 * windowed.trigger(eager);
 * ```
 */
export interface Trigger {
  onElement(timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult;
  /** An event-time timer of the window has come: one of the trigger's, or the one that ends the window. */
  onEventTime(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult;
  onProcessingTime(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult;
  /** The window goes: so must the trigger's timers. */
  clear(window: TimeWindow, ctx: TriggerContext): void;
}

/** Timers are those of the current key and window; a window has at most one of each kind for a time. */
export interface TriggerContext {
  readonly currentWatermark: number;
  /** Whether the window held nothing before the present element, so that it may have no timer yet. */
  readonly isFirstElement: boolean;
  registerEventTimeTimer(time: number): void;
  deleteEventTimeTimer(time: number): void;
  registerProcessingTimeTimer(time: number): void;
  deleteProcessingTimeTimer(time: number): void;
}
