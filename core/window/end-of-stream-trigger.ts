import type { TimeWindow } from './time-window.js';
import { type Trigger, type TriggerContext, TriggerResult } from './trigger.js';

/** Fires once, when all input has ended. */
export class EndOfStreamTrigger implements Trigger {
  onElement(_element: unknown, _timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    if (ctx.isFirstElement) ctx.registerEventTimeTimer(window.maxTimestamp);
    return TriggerResult.CONTINUE;
  }

  onEventTime(time: number, window: TimeWindow): TriggerResult {
    return time === window.maxTimestamp ? TriggerResult.FIRE : TriggerResult.CONTINUE;
  }

  clear(window: TimeWindow, ctx: TriggerContext): void {
    ctx.deleteEventTimeTimer(window.maxTimestamp);
  }
}
