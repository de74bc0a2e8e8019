import type { Duration } from '../base/duration.js';
import type { ReducingState } from '../state/reducing-state.js';
import { FIRE_TIME, intervalMs, startOfInterval } from './fire-time.js';
import type { TimeWindow } from './time-window.js';
import { type OnMergeContext, type Trigger, type TriggerContext, TriggerResult } from './trigger.js';

/**
 * Fires again and again by the wall clock, at each multiple of the interval, as long as the window lives.
 *
 * @example `clicks.keyBy(userOf).window(GlobalWindows.create()).trigger(ContinuousProcessingTimeTrigger.of('5 s'))`
 */
export class ContinuousProcessingTimeTrigger implements Trigger {
  readonly #intervalMs: number;

  private constructor(interval: number) {
    this.#intervalMs = interval;
  }

  /** @throws MillraceError MR1001 if the interval is not positive */
  static of(interval: Duration): ContinuousProcessingTimeTrigger {
    return new ContinuousProcessingTimeTrigger(intervalMs(interval, 'interval of a continuous trigger'));
  }

  onElement(_element: unknown, _timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    const fireTime = ctx.getReducingState(FIRE_TIME);
    if (fireTime.get() === undefined) {
      this.#registerAfter(
        startOfInterval(ctx.currentProcessingTime(), this.#intervalMs),
        window,
        ctx,
        fireTime,
      );
    }
    return TriggerResult.CONTINUE;
  }

  onProcessingTime(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    const fireTime = ctx.getReducingState(FIRE_TIME);
    if (fireTime.get() !== time) return TriggerResult.CONTINUE;
    fireTime.clear();
    this.#registerAfter(time, window, ctx, fireTime);
    return TriggerResult.FIRE;
  }

  onMerge(_window: TimeWindow, ctx: OnMergeContext): void {
    ctx.mergePartitionedState(FIRE_TIME);
    const next = ctx.getReducingState(FIRE_TIME).get();
    if (next !== undefined) ctx.registerProcessingTimeTimer(next);
  }

  clear(_window: TimeWindow, ctx: TriggerContext): void {
    const fireTime = ctx.getReducingState(FIRE_TIME);
    const next = fireTime.get();
    if (next !== undefined) ctx.deleteProcessingTimeTimer(next);
    fireTime.clear();
  }

  #registerAfter(
    time: number,
    window: TimeWindow,
    ctx: TriggerContext,
    fireTime: ReducingState<number>,
  ): void {
    const regular = time + this.#intervalMs;
    // Not beyond the end of a window that is still to come; event-time windows may be long over.
    const next = window.maxTimestamp > time ? Math.min(regular, window.maxTimestamp) : regular;
    fireTime.add(next);
    ctx.registerProcessingTimeTimer(next);
  }
}
