import type { Duration } from '../base/duration.js';
import { EventTimeTrigger } from './event-time-trigger.js';
import type { TimeWindow } from './time-window.js';
import { TumblingWindows } from './tumbling-windows.js';
import type { WindowAssigner } from './window-assigner.js';

/**
 * Windows of one size that follow each other without gap or overlap, aligned to the epoch in UTC.
 *
 * @example
 * ```ts
 * clicks.keyBy((click) => click.user).window(TumblingEventTimeWindows.of('1 h'));
 * // Days of a place eight hours ahead of UTC:
 * clicks.keyBy((click) => click.user).window(TumblingEventTimeWindows.of('1 d', '-8 h'));
 * ```
 */
export class TumblingEventTimeWindows implements WindowAssigner {
  readonly name = 'TumblingEventTimeWindows';
  readonly #windows: TumblingWindows;

  private constructor(windows: TumblingWindows) {
    this.#windows = windows;
  }

  /**
   * `offset` shifts the alignment: windows of an hour with the offset `'15 min'` begin at a quarter past.
   *
   * @throws MillraceError MR1001 if the size is not positive or the offset not smaller than the size
   */
  static of(size: Duration, offset: Duration = 0): TumblingEventTimeWindows {
    return new TumblingEventTimeWindows(new TumblingWindows(size, offset));
  }

  assignWindows(_element: unknown, timestamp: number): readonly TimeWindow[] {
    return this.#windows.at(timestamp);
  }

  getDefaultTrigger(): EventTimeTrigger {
    return new EventTimeTrigger();
  }

  isEventTime(): boolean {
    return true;
  }
}
