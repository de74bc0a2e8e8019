import { MillraceError } from '../base/millrace-error.js';
import type { KeyedStates } from '../operator/keyed-process-function.js';
import { checkSynchronous } from '../operator/synchronous.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { ValueStateDescriptor } from '../state/state-descriptor.js';
import type { TimeWindow } from './time-window.js';
import { type Trigger, type TriggerContext, TriggerResult } from './trigger.js';

/** How far the newer record is from the older one. */
export type DeltaFunction<T> = (oldDataPoint: T, newDataPoint: T) => number;

/**
 * Fires when a record is farther than the threshold from the one with which it last fired, or from the first
 * one of the window.
 *
 * @example
 * ```ts
 * positions
 *   .keyBy((position) => position.car)
 *   .window(GlobalWindows.create())
 *   .trigger(DeltaTrigger.of(100, (a: Position, b: Position) => b.meters - a.meters));
 * ```
 */
export class DeltaTrigger<T> implements Trigger<T> {
  readonly #threshold: number;
  readonly #delta: DeltaFunction<T>;
  readonly #last: ValueStateDescriptor<T>;

  private constructor(threshold: number, delta: DeltaFunction<T>, type: TypeDescriptor<T> | undefined) {
    this.#threshold = threshold;
    this.#delta = delta;
    this.#last = new ValueStateDescriptor('trigger-last-element', type);
  }

  /**
   * `type` is that of the records, of which one is kept for each window; undeclared when absent.
   *
   * @throws MillraceError MR1001 if the threshold is no number
   */
  static of<T>(threshold: number, delta: DeltaFunction<T>, type?: TypeDescriptor<T>): DeltaTrigger<T> {
    if (typeof threshold !== 'number' || Number.isNaN(threshold)) {
      throw new MillraceError('MR1001', `The threshold of a delta trigger is ${String(threshold)}.`);
    }
    checkSynchronous(delta, 'The delta function of a trigger');
    return new DeltaTrigger(threshold, delta, type);
  }

  open(ctx: KeyedStates): void {
    ctx.getState(this.#last);
  }

  onElement(element: T, _timestamp: number, _window: TimeWindow, ctx: TriggerContext): TriggerResult {
    const last = ctx.getState(this.#last);
    const before = last.value();
    if (before === undefined) {
      last.update(element);
      return TriggerResult.CONTINUE;
    }
    const delta = this.#delta;
    if (!(delta(before, element) > this.#threshold)) return TriggerResult.CONTINUE;
    last.update(element);
    return TriggerResult.FIRE;
  }

  clear(_window: TimeWindow, ctx: TriggerContext): void {
    ctx.getState(this.#last).clear();
  }
}
