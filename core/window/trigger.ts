import type { KeyedStates } from '../operator/keyed-process-function.js';
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  ReducingStateDescriptor,
} from '../state/state-descriptor.js';
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
 * Decides when windows fire. One object serves all windows of a subtask: what belongs to a window goes into
 * state, never into fields.
 *
 * @example
 * ```ts
 * // Fires at the end of the window, and early when a large order comes.
 * const early: Trigger<{ price: number }> = {
 *   onElement(order, _timestamp, window, ctx) {
 *     ctx.registerEventTimeTimer(window.maxTimestamp);
 *     return order.price > 1000 ? TriggerResult.FIRE : TriggerResult.CONTINUE;
 *   },
 *   onEventTime: (time, window) => (time === window.maxTimestamp ? TriggerResult.FIRE : TriggerResult.CONTINUE),
 *   clear: (window, ctx) => ctx.deleteEventTimeTimer(window.maxTimestamp),
 * };
 * ```
 */
export interface Trigger<T = unknown> {
  /**
   * Once, before the first record and without a current window: the place to ask for state whose type has changed
   * since it was stored, so that it is migrated while it is restored.
   */
  open?(ctx: KeyedStates): void;
  /** A record was added to the window. `timestamp` is `Watermark.MIN` where it has none. */
  onElement(element: T, timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult;
  /** An event-time timer of the window has come: one of the trigger's, or the one that ends the window. */
  onEventTime?(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult;
  onProcessingTime?(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult;
  /** It fires by event time in windows that do not end by it, too: for the warning where no watermarks come. */
  readonly needsWatermarks?: boolean;
  /** Whether it can be used where windows merge. Without it: whether there is an `onMerge`. */
  canMerge?(): boolean;
  /** Windows have become `window`: set the timers that it needs, and merge the trigger's state. */
  onMerge?(window: TimeWindow, ctx: OnMergeContext): void;
  /** The window goes, or has become part of another: so must the trigger's timers and state. */
  clear?(window: TimeWindow, ctx: TriggerContext): void;
}

/**
 * Valid only during the call that it is given to. Timers and state are those of the current key and window; a
 * window has at most one timer of each kind for a time. State that is asked for anew each time is found by
 * its name, so descriptors are made once.
 */
export interface TriggerContext extends KeyedStates {
  currentWatermark(): number;
  /** Wall time, ms since the epoch. */
  currentProcessingTime(): number;
  /** False only if the window held something before the present element, so that it has got its timers. */
  readonly isFirstElement: boolean;
  registerEventTimeTimer(time: number): void;
  deleteEventTimeTimer(time: number): void;
  registerProcessingTimeTimer(time: number): void;
  deleteProcessingTimeTimer(time: number): void;
}

/** What `onMerge` of a trigger may do besides. */
export interface OnMergeContext extends TriggerContext {
  /**
   * Moves what the merged windows hold in this state into that of the window that they have become.
   *
   * @throws MillraceError MR1001 if it is aggregating state whose function has no `merge`
   */
  mergePartitionedState<T, ACC, OUT>(descriptor: MergeableStateDescriptor<T, ACC, OUT>): void;
}

/** State of which two windows' contents can become one's. */
export type MergeableStateDescriptor<T, ACC, OUT> =
  | ReducingStateDescriptor<T>
  | ListStateDescriptor<T>
  | AggregatingStateDescriptor<T, ACC, OUT>;

export function canMerge(trigger: Trigger): boolean {
  return trigger.canMerge === undefined ? trigger.onMerge !== undefined : trigger.canMerge();
}
