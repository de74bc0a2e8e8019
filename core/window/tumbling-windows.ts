import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { TimeWindow } from './time-window.js';
import type { WindowAssignerContext } from './window-assigner.js';
import { staggerMs, WindowStagger } from './window-stagger.js';

/** Holds no time. */
const NO_WINDOW = new TimeWindow(0, 0);

/**
 * The window of a time among windows of one size that follow each other.
 *
 * Invariant: where they begin is settled by the first call of `at`, and then stays.
 */
export class TumblingWindows {
  readonly #sizeMs: number;
  #offsetMs: number;
  /** Undefined once it is part of the offset. */
  #stagger: WindowStagger | undefined;
  /** The answer for all times of its window: neighbouring records mostly share one. */
  #last: readonly [TimeWindow];

  /**
   * @throws MillraceError MR1001 if the size is not positive, the offset not smaller than the size, or there is no
   *   such stagger
   */
  constructor(size: Duration, offset: Duration, stagger: WindowStagger) {
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
    if (!Object.hasOwn(WindowStagger, stagger)) {
      throw new MillraceError('MR1001', `There is no window stagger ${JSON.stringify(stagger)}.`, {
        hint: 'Give WindowStagger.ALIGNED, RANDOM or NATURAL.',
      });
    }
    this.#sizeMs = sizeMs;
    this.#offsetMs = offsetMs;
    this.#stagger = stagger;
    this.#last = [NO_WINDOW];
  }

  at(timestamp: number, ctx?: WindowAssignerContext): readonly TimeWindow[] {
    const window = this.#last[0];
    if (timestamp < window.start || timestamp >= window.end) this.#last = [this.#windowAt(timestamp, ctx)];
    return this.#last;
  }

  #windowAt(timestamp: number, ctx: WindowAssignerContext | undefined): TimeWindow {
    if (this.#stagger !== undefined) {
      this.#offsetMs = (this.#offsetMs + staggerMs(this.#stagger, this.#sizeMs, ctx)) % this.#sizeMs;
      this.#stagger = undefined;
    }
    const start = TimeWindow.startOf(timestamp, this.#offsetMs, this.#sizeMs);
    return new TimeWindow(start, start + this.#sizeMs);
  }
}
