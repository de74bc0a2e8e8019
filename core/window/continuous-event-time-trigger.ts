import type { Duration } from '../base/duration.js';
import type { ReducingState } from '../state/reducing-state.js';
import { FIRE_TIME, intervalMs, startOfInterval } from './fire-time.js';
import type { TimeWindow } from './time-window.js';
import { type OnMergeContext, type Trigger, type TriggerContext, TriggerResult } from './trigger.js';

/**
 * Fires again and again while event time goes through the window, each time the watermark reaches a multiple
 * of the interval, and at the end of the window.
 *
 * @example `windowed.trigger(ContinuousEventTimeTrigger.of('10 s'))`
 */
export class ContinuousEventTimeTrigger implements Trigger {
  readonly needsWatermarks = true;
  readonly #intervalMs: number;

  private constructor(interval: number) {
    this.#intervalMs = interval;
  }

  /** @throws MillraceError MR1001 if the interval is not positive */
  static of(interval: Duration): ContinuousEventTimeTrigger {
    return new ContinuousEventTimeTrigger(intervalMs(interval, 'interval of a continuous trigger'));
  }

  onElement(_element: unknown, timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    if (window.maxTimestamp <= ctx.currentWatermark()) return TriggerResult.FIRE;
    ctx.registerEventTimeTimer(window.maxTimestamp);
    const fireTime = ctx.getReducingState(FIRE_TIME);
    if (fireTime.get() === undefined) {
      this.#registerAfter(startOfInterval(timestamp, this.#intervalMs), window, ctx, fireTime);
    }
    return TriggerResult.CONTINUE;
  }

  onEventTime(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    if (time === window.maxTimestamp) return TriggerResult.FIRE;
    const fireTime = ctx.getReducingState(FIRE_TIME);
    if (fireTime.get() !== time) return TriggerResult.CONTINUE;
    fireTime.clear();
    this.#registerAfter(time, window, ctx, fireTime);
    return TriggerResult.FIRE;
  }

  onMerge(window: TimeWindow, ctx: OnMergeContext): void {
    ctx.mergePartitionedState(FIRE_TIME);
    const next = ctx.getReducingState(FIRE_TIME).get();
    if (next !== undefined) ctx.registerEventTimeTimer(next);
    if (window.maxTimestamp > ctx.currentWatermark()) ctx.registerEventTimeTimer(window.maxTimestamp);
  }

  clear(window: TimeWindow, ctx: TriggerContext): void {
    const fireTime = ctx.getReducingState(FIRE_TIME);
    const next = fireTime.get();
    if (next !== undefined) ctx.deleteEventTimeTimer(next);
    fireTime.clear();
    ctx.deleteEventTimeTimer(window.maxTimestamp);
  }

  #registerAfter(
    time: number,
    window: TimeWindow,
    ctx: TriggerContext,
    fireTime: ReducingState<number>,
  ): void {
    const next = Math.min(time + this.#intervalMs, window.maxTimestamp);
    fireTime.add(next);
    ctx.registerEventTimeTimer(next);
  }
}
