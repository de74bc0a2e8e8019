import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { TimeWindow } from './time-window.js';

/** The window of a time among windows of one size that follow each other. */
export class TumblingWindows {
  readonly #sizeMs: number;
  readonly #offsetMs: number;
  /** The answer for all times of its window: neighbouring records mostly share one. */
  #last: readonly [TimeWindow];

  /** @throws MillraceError MR1001 if the size is not positive or the offset not smaller than the size */
  constructor(size: Duration, offset: Duration) {
    const sizeMs = durationMs(size, 'size of a window');
    const offsetMs = durationMs(offset, 'offset of windows');
    if (!(sizeMs > 0 && Math.abs(offsetMs) < sizeMs)) {
      throw new MillraceError(
        'MR1001',
        `Tumbling windows of ${sizeMs} ms with an offset of ${offsetMs} ms.`,
        {
          hint: 'The size must be positive, and the offset between -size and size.',
        },
      );
    }
    this.#sizeMs = sizeMs;
    this.#offsetMs = offsetMs;
    this.#last = [this.#windowAt(offsetMs)];
  }

  at(timestamp: number): readonly TimeWindow[] {
    const window = this.#last[0];
    if (timestamp < window.start || timestamp >= window.end) this.#last = [this.#windowAt(timestamp)];
    return this.#last;
  }

  #windowAt(timestamp: number): TimeWindow {
    const start = TimeWindow.startOf(timestamp, this.#offsetMs, this.#sizeMs);
    return new TimeWindow(start, start + this.#sizeMs);
  }
}
