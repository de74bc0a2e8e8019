import { MillraceError } from '../base/millrace-error.js';
import { types } from '../serde/types.js';
import { ReducingStateDescriptor } from '../state/state-descriptor.js';
import type { TimeWindow } from './time-window.js';
import { type OnMergeContext, type Trigger, type TriggerContext, TriggerResult } from './trigger.js';

const COUNT = new ReducingStateDescriptor<number>('trigger-count', (a, b) => a + b, types.float64);

/**
 * Fires whenever so many records have come to a window since it last fired. What the window holds stays,
 * unless it is wrapped in a {@link PurgingTrigger}.
 *
 * @example `windowed.trigger(CountTrigger.of(100))`
 */
export class CountTrigger implements Trigger {
  readonly #maxCount: number;

  /** @throws MillraceError MR1001 unless it is a whole number above 0 */
  constructor(maxCount: number) {
    if (!Number.isSafeInteger(maxCount) || maxCount < 1) {
      throw new MillraceError('MR1001', `A count trigger of ${maxCount}.`, {
        hint: 'Say after how many records it fires: a whole number above 0.',
      });
    }
    this.#maxCount = maxCount;
  }

  static of(maxCount: number): CountTrigger {
    return new CountTrigger(maxCount);
  }

  onElement(_element: unknown, _timestamp: number, _window: TimeWindow, ctx: TriggerContext): TriggerResult {
    const count = ctx.getReducingState(COUNT);
    count.add(1);
    if ((count.get() ?? 0) < this.#maxCount) return TriggerResult.CONTINUE;
    count.clear();
    return TriggerResult.FIRE;
  }

  onMerge(_window: TimeWindow, ctx: OnMergeContext): void {
    ctx.mergePartitionedState(COUNT);
  }

  clear(_window: TimeWindow, ctx: TriggerContext): void {
    ctx.getReducingState(COUNT).clear();
  }
}
