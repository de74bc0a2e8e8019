import type { TimeWindow } from './time-window.js';
import { type Trigger, type TriggerContext, TriggerResult } from './trigger.js';

/**
 * Fires when another trigger does, and then forgets what the window held: each result is made of what came
 * since the one before.
 *
 * @example `windowed.trigger(new PurgingTrigger(new EventTimeTrigger()))`
 */
export class PurgingTrigger implements Trigger {
  readonly #nested: Trigger;

  constructor(nested: Trigger) {
    this.#nested = nested;
  }

  onElement(timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    return purging(this.#nested.onElement(timestamp, window, ctx));
  }

  onEventTime(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    return purging(this.#nested.onEventTime(time, window, ctx));
  }

  onProcessingTime(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    return purging(this.#nested.onProcessingTime(time, window, ctx));
  }

  clear(window: TimeWindow, ctx: TriggerContext): void {
    this.#nested.clear(window, ctx);
  }
}

function purging(result: TriggerResult): TriggerResult {
  return (result & TriggerResult.FIRE) !== 0 ? TriggerResult.FIRE_AND_PURGE : result;
}
