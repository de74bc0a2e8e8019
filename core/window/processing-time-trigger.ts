import type { TimeWindow } from './time-window.js';
import { type Trigger, type TriggerContext, TriggerResult } from './trigger.js';

/**
 * Fires once the wall clock reaches the end of the window: the trigger of processing-time windows, unless the
 * job says otherwise.
 *
 * @example `windowed.trigger(ProcessingTimeTrigger.create())`
 */
export class ProcessingTimeTrigger implements Trigger {
  static create(): ProcessingTimeTrigger {
    return new ProcessingTimeTrigger();
  }

  onElement(_element: unknown, _timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    if (ctx.isFirstElement) ctx.registerProcessingTimeTimer(window.maxTimestamp);
    return TriggerResult.CONTINUE;
  }

  onProcessingTime(): TriggerResult {
    return TriggerResult.FIRE;
  }

  onMerge(window: TimeWindow, ctx: TriggerContext): void {
    if (window.maxTimestamp > ctx.currentProcessingTime()) {
      ctx.registerProcessingTimeTimer(window.maxTimestamp);
    }
  }

  clear(window: TimeWindow, ctx: TriggerContext): void {
    ctx.deleteProcessingTimeTimer(window.maxTimestamp);
  }
}
