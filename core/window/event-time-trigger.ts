import type { TimeWindow } from './time-window.js';
import { type Trigger, type TriggerContext, TriggerResult } from './trigger.js';

/**
 * Fires once the watermark reaches the end of the window, and again at once for each record that comes
 * later, within the allowed lateness. The trigger of event-time windows, unless the job says otherwise.
 *
 * @example `clicks.keyBy(userOf).window(TumblingEventTimeWindows.of('1 h')).trigger(EventTimeTrigger.create())`
 */
export class EventTimeTrigger implements Trigger {
  static create(): EventTimeTrigger {
    return new EventTimeTrigger();
  }

  onElement(_element: unknown, _timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    if (window.maxTimestamp <= ctx.currentWatermark()) return TriggerResult.FIRE;
    // A window that holds something got its timer with the first of it.
    if (ctx.isFirstElement) ctx.registerEventTimeTimer(window.maxTimestamp);
    return TriggerResult.CONTINUE;
  }

  onEventTime(time: number, window: TimeWindow): TriggerResult {
    return time === window.maxTimestamp ? TriggerResult.FIRE : TriggerResult.CONTINUE;
  }

  onMerge(window: TimeWindow, ctx: TriggerContext): void {
    // A window that is over has fired, and does so again with the element that comes.
    if (window.maxTimestamp > ctx.currentWatermark()) ctx.registerEventTimeTimer(window.maxTimestamp);
  }

  clear(window: TimeWindow, ctx: TriggerContext): void {
    ctx.deleteEventTimeTimer(window.maxTimestamp);
  }
}
