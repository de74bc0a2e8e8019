import type { KeyedStates } from '../operator/keyed-process-function.js';
import type { TimeWindow } from './time-window.js';
import {
  canMerge,
  type OnMergeContext,
  type Trigger,
  type TriggerContext,
  TriggerResult,
} from './trigger.js';

/**
 * Fires when another trigger does, and then forgets what the window held: each result is made of what came
 * since the one before.
 *
 * @example `windowed.trigger(PurgingTrigger.of(EventTimeTrigger.create()))`
 */
export class PurgingTrigger<T = unknown> implements Trigger<T> {
  readonly nested: Trigger<T>;
  readonly needsWatermarks: boolean;

  constructor(nested: Trigger<T>) {
    this.nested = nested;
    this.needsWatermarks = nested.needsWatermarks === true;
  }

  static of<T>(nested: Trigger<T>): PurgingTrigger<T> {
    return new PurgingTrigger(nested);
  }

  open(ctx: KeyedStates): void {
    this.nested.open?.(ctx);
  }

  onElement(element: T, timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    return purging(this.nested.onElement(element, timestamp, window, ctx));
  }

  onEventTime(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    return purging(this.nested.onEventTime?.(time, window, ctx) ?? TriggerResult.CONTINUE);
  }

  onProcessingTime(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    return purging(this.nested.onProcessingTime?.(time, window, ctx) ?? TriggerResult.CONTINUE);
  }

  canMerge(): boolean {
    return canMerge(this.nested);
  }

  onMerge(window: TimeWindow, ctx: OnMergeContext): void {
    this.nested.onMerge?.(window, ctx);
  }

  clear(window: TimeWindow, ctx: TriggerContext): void {
    this.nested.clear?.(window, ctx);
  }
}

function purging(result: TriggerResult): TriggerResult {
  return (result & TriggerResult.FIRE) !== 0 ? TriggerResult.FIRE_AND_PURGE : result;
}
