import type { TimeWindow } from './time-window.js';
import { type Trigger, type TriggerContext, TriggerResult } from './trigger.js';

/**
 * Fires once the watermark reaches the end of the window, and again at once for each record that comes
 * later, within the allowed lateness.
 *
 * @example
 * ```ts
 * clicks
 *   .keyBy((click) => click.user)
 *   .window(TumblingEventTimeWindows.of('1 min'))
 *   .trigger(new EventTimeTrigger());
 * ```
 */
export class EventTimeTrigger implements Trigger {
  onElement(_timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    if (window.maxTimestamp <= ctx.currentWatermark) return TriggerResult.FIRE;
    // A window that holds something got its timer with the first of it.
    if (ctx.isFirstElement) ctx.registerEventTimeTimer(window.maxTimestamp);
    return TriggerResult.CONTINUE;
  }

  onEventTime(time: number, window: TimeWindow): TriggerResult {
    return time === window.maxTimestamp ? TriggerResult.FIRE : TriggerResult.CONTINUE;
  }

  onProcessingTime(): TriggerResult {
    return TriggerResult.CONTINUE;
  }

  clear(window: TimeWindow, ctx: TriggerContext): void {
    ctx.deleteEventTimeTimer(window.maxTimestamp);
  }
}
