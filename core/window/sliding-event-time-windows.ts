import type { Duration } from '../base/duration.js';
import { EventTimeTrigger } from './event-time-trigger.js';
import { SlidingWindows } from './sliding-windows.js';
import type { TimeWindow } from './time-window.js';
import type { WindowAssigner } from './window-assigner.js';

/**
 * Windows of one size that begin every `slide`, so that a record is in about size / slide of them.
 *
 * @example
 * ```ts
 * // Every minute, the last hour:
 * clicks.keyBy((click) => click.user).window(SlidingEventTimeWindows.of('1 h', '1 min'));
 * ```
 */
export class SlidingEventTimeWindows implements WindowAssigner {
  readonly name = 'SlidingEventTimeWindows';
  readonly windows: SlidingWindows;

  private constructor(windows: SlidingWindows) {
    this.windows = windows;
  }

  /**
   * `offset` shifts the alignment to the epoch.
   *
   * @throws MillraceError MR1001 unless size and slide are positive and the offset is smaller than the slide;
   *   also if a record would be in more than ten million windows
   */
  static of(size: Duration, slide: Duration, offset: Duration = 0): SlidingEventTimeWindows {
    return new SlidingEventTimeWindows(new SlidingWindows(size, slide, offset));
  }

  assignWindows(_element: unknown, timestamp: number): readonly TimeWindow[] {
    return this.windows.at(timestamp);
  }

  getDefaultTrigger(): EventTimeTrigger {
    return new EventTimeTrigger();
  }

  isEventTime(): boolean {
    return true;
  }
}
