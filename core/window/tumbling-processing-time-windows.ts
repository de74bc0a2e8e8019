import type { Duration } from '../base/duration.js';
import { ProcessingTimeTrigger } from './processing-time-trigger.js';
import type { TimeWindow } from './time-window.js';
import { TumblingWindows } from './tumbling-windows.js';
import type { WindowAssigner, WindowAssignerContext } from './window-assigner.js';
import { WindowStagger } from './window-stagger.js';

/**
 * Windows of the wall clock, of one size, that follow each other: aligned to the epoch in UTC, not to the
 * start of the job. Timestamps of records do not matter.
 *
 * @example `clicks.keyBy((click) => click.user).window(TumblingProcessingTimeWindows.of('10 s'))`
 */
export class TumblingProcessingTimeWindows implements WindowAssigner {
  readonly name = 'TumblingProcessingTimeWindows';
  readonly #windows: TumblingWindows;

  private constructor(windows: TumblingWindows) {
    this.#windows = windows;
  }

  /**
   * With a `stagger`, the windows of each subtask begin at a time of its own.
   *
   * @throws MillraceError MR1001 if the size is not positive or the offset not smaller than the size
   */
  static of(
    size: Duration,
    offset: Duration = 0,
    stagger: WindowStagger = WindowStagger.ALIGNED,
  ): TumblingProcessingTimeWindows {
    return new TumblingProcessingTimeWindows(new TumblingWindows(size, offset, stagger));
  }

  assignWindows(_element: unknown, _timestamp: number, ctx: WindowAssignerContext): readonly TimeWindow[] {
    return this.#windows.at(ctx.currentProcessingTime(), ctx);
  }

  getDefaultTrigger(): ProcessingTimeTrigger {
    return new ProcessingTimeTrigger();
  }

  isEventTime(): boolean {
    return false;
  }
}
