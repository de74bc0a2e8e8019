import type { Duration } from '../base/duration.js';
import { ProcessingTimeTrigger } from './processing-time-trigger.js';
import { SlidingWindows } from './sliding-windows.js';
import type { TimeWindow } from './time-window.js';
import type { WindowAssigner, WindowAssignerContext } from './window-assigner.js';

/**
 * Windows of the wall clock, of one size, that begin every `slide`. Timestamps of records do not matter.
 *
 * @example `clicks.keyBy((click) => click.user).window(SlidingProcessingTimeWindows.of('1 min', '10 s'))`
 */
export class SlidingProcessingTimeWindows implements WindowAssigner {
  readonly name = 'SlidingProcessingTimeWindows';
  readonly windows: SlidingWindows;

  private constructor(windows: SlidingWindows) {
    this.windows = windows;
  }

  /** @throws MillraceError MR1001 as those of {@link SlidingEventTimeWindows} */
  static of(size: Duration, slide: Duration, offset: Duration = 0): SlidingProcessingTimeWindows {
    return new SlidingProcessingTimeWindows(new SlidingWindows(size, slide, offset));
  }

  assignWindows(_element: unknown, _timestamp: number, ctx: WindowAssignerContext): readonly TimeWindow[] {
    return this.windows.at(ctx.currentProcessingTime());
  }

  getDefaultTrigger(): ProcessingTimeTrigger {
    return new ProcessingTimeTrigger();
  }

  isEventTime(): boolean {
    return false;
  }
}
