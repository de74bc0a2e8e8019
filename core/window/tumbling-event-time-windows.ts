import type { Duration } from '../base/duration.js';
import { EventTimeTrigger } from './event-time-trigger.js';
import type { TimeWindow } from './time-window.js';
import { TumblingWindows } from './tumbling-windows.js';
import type { WindowAssigner, WindowAssignerContext } from './window-assigner.js';
import { WindowStagger } from './window-stagger.js';

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
   * `offset` shifts the alignment: windows of an hour with the offset `'15 min'` begin at a quarter past. With a
   * `stagger`, those of each subtask begin at a time of its own.
   *
   * @throws MillraceError MR1001 if the size is not positive or the offset not smaller than the size
   */
  static of(
    size: Duration,
    offset: Duration = 0,
    stagger: WindowStagger = WindowStagger.ALIGNED,
  ): TumblingEventTimeWindows {
    return new TumblingEventTimeWindows(new TumblingWindows(size, offset, stagger));
  }

  assignWindows(_element: unknown, timestamp: number, ctx?: WindowAssignerContext): readonly TimeWindow[] {
    return this.#windows.at(timestamp, ctx);
  }

  getDefaultTrigger(): EventTimeTrigger {
    return new EventTimeTrigger();
  }

  isEventTime(): boolean {
    return true;
  }
}
