import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { EventTimeTrigger } from './event-time-trigger.js';
import { TimeWindow } from './time-window.js';
import type { Trigger } from './trigger.js';
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
  readonly isEventTime = true;
  readonly defaultTrigger: Trigger;
  readonly #sizeMs: number;
  readonly #offsetMs: number;
  /** The answer for all times of its window: neighbouring records mostly share one. */
  #last: readonly [TimeWindow];

  private constructor(sizeMs: number, offsetMs: number) {
    this.defaultTrigger = new EventTimeTrigger();
    this.#sizeMs = sizeMs;
    this.#offsetMs = offsetMs;
    this.#last = [this.#windowAt(offsetMs)];
  }

  /**
   * `offset` shifts the alignment: windows of an hour with the offset `'15 min'` begin at a quarter past.
   *
   * @throws MillraceError MR1001 if the size is not positive or the offset not smaller than the size
   */
  static of(size: Duration, offset: Duration = 0): TumblingEventTimeWindows {
    const sizeMs = durationMs(size, 'size of a window');
    const offsetMs = durationMs(offset, 'offset of windows');
    if (sizeMs > 0 && Math.abs(offsetMs) < sizeMs) return new TumblingEventTimeWindows(sizeMs, offsetMs);
    throw new MillraceError('MR1001', `Tumbling windows of ${sizeMs} ms with an offset of ${offsetMs} ms.`, {
      hint: 'The size must be positive, and the offset between -size and size.',
    });
  }

  assignWindows(timestamp: number): readonly TimeWindow[] {
    const window = this.#last[0];
    if (timestamp < window.start || timestamp >= window.end) this.#last = [this.#windowAt(timestamp)];
    return this.#last;
  }

  #windowAt(timestamp: number): TimeWindow {
    const start = TimeWindow.startOf(timestamp, this.#offsetMs, this.#sizeMs);
    return new TimeWindow(start, start + this.#sizeMs);
  }
}
