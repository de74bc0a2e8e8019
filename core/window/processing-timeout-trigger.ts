import type { Duration } from '../base/duration.js';
import type { KeyedStates } from '../operator/keyed-process-function.js';
import { types } from '../serde/types.js';
import { ValueStateDescriptor } from '../state/state-descriptor.js';
import { intervalMs } from './fire-time.js';
import type { TimeWindow } from './time-window.js';
import {
  canMerge,
  type OnMergeContext,
  type Trigger,
  type TriggerContext,
  TriggerResult,
} from './trigger.js';

const TIMEOUT = new ValueStateDescriptor<number>('trigger-timeout', types.float64);

/**
 * Fires when another trigger does, and when so much wall time has passed since the first record after it last
 * fired: no record waits longer than that.
 *
 * @example `windowed.trigger(ProcessingTimeoutTrigger.of(CountTrigger.of(100), '5 s'))`
 */
export class ProcessingTimeoutTrigger<T = unknown> implements Trigger<T> {
  readonly #nested: Trigger<T>;
  readonly #timeoutMs: number;
  readonly #resetTimerOnNewRecord: boolean;
  readonly #clearOnTimeout: boolean;

  private constructor(nested: Trigger<T>, timeoutMs: number, resets: boolean, clears: boolean) {
    this.#nested = nested;
    this.#timeoutMs = timeoutMs;
    this.#resetTimerOnNewRecord = resets;
    this.#clearOnTimeout = clears;
  }

  /**
   * `resetTimerOnNewRecord`: the time counts from the last record instead. `clearOnTimeout`: a timeout clears
   * the other trigger's state too.
   *
   * @throws MillraceError MR1001 if the timeout is not positive
   */
  static of<T>(
    nested: Trigger<T>,
    timeout: Duration,
    resetTimerOnNewRecord = false,
    clearOnTimeout = true,
  ): ProcessingTimeoutTrigger<T> {
    const timeoutMs = intervalMs(timeout, 'timeout of a trigger');
    return new ProcessingTimeoutTrigger(nested, timeoutMs, resetTimerOnNewRecord, clearOnTimeout);
  }

  open(ctx: KeyedStates): void {
    this.#nested.open?.(ctx);
  }

  onElement(element: T, timestamp: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    const result = this.#nested.onElement(element, timestamp, window, ctx);
    if ((result & TriggerResult.FIRE) !== 0) {
      this.clear(window, ctx);
      return result;
    }
    const timeout = ctx.getState(TIMEOUT);
    const before = timeout.value();
    if (before !== undefined && !this.#resetTimerOnNewRecord) return result;
    if (before !== undefined) ctx.deleteProcessingTimeTimer(before);
    const next = ctx.currentProcessingTime() + this.#timeoutMs;
    timeout.update(next);
    ctx.registerProcessingTimeTimer(next);
    return result;
  }

  onEventTime(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    return this.#fired(this.#nested.onEventTime?.(time, window, ctx), window, ctx);
  }

  onProcessingTime(time: number, window: TimeWindow, ctx: TriggerContext): TriggerResult {
    return this.#fired(this.#nested.onProcessingTime?.(time, window, ctx), window, ctx);
  }

  canMerge(): boolean {
    return canMerge(this.#nested);
  }

  onMerge(window: TimeWindow, ctx: OnMergeContext): void {
    this.#nested.onMerge?.(window, ctx);
  }

  clear(window: TimeWindow, ctx: TriggerContext): void {
    const timeout = ctx.getState(TIMEOUT);
    const before = timeout.value();
    if (before !== undefined) {
      ctx.deleteProcessingTimeTimer(before);
      timeout.clear();
    }
    this.#nested.clear?.(window, ctx);
  }

  #fired(
    result: TriggerResult = TriggerResult.CONTINUE,
    window: TimeWindow,
    ctx: TriggerContext,
  ): TriggerResult {
    if (this.#clearOnTimeout) this.clear(window, ctx);
    return (result & TriggerResult.PURGE) !== 0 ? TriggerResult.FIRE_AND_PURGE : TriggerResult.FIRE;
  }
}
