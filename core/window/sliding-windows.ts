import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { TimeWindow } from './time-window.js';

/** Records of more windows than this are a mistake in the units. */
const RATIO_MAX = 10_000_000;

/**
 * The windows of a time among windows of one size that begin every `slideMs`.
 *
 * The starts and ends of all windows cut time into *panes*: all times of a pane are in the same windows, and
 * a window is a row of whole panes. Where the size is a multiple of the slide, a pane is as long as the slide;
 * otherwise short and long ones take turns, two for each slide.
 *
 * ```
 *   size 5, slide 2    |-0-|---|-2-|---|-4-|---|-6-|      panes [0,1) [1,2) [2,3) [3,4) ...
 *                      [ window 0          )
 *                              [ window 2          )
 * ```
 */
export class SlidingWindows {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly #offsetMs: number;
  /** Length of the first pane after each start of a window; 0 if there is but one for each slide. */
  readonly #shortMs: number;
  /** The answer for all times of one pane. */
  #last: readonly TimeWindow[];
  #lastPaneStart: number;
  #lastPaneEnd: number;

  /** @throws MillraceError MR1001 unless |offset| < slide, size > 0, and size / slide is at most ten million */
  constructor(size: Duration, slide: Duration, offset: Duration) {
    this.sizeMs = durationMs(size, 'size of a window');
    this.slideMs = durationMs(slide, 'slide of windows');
    this.#offsetMs = durationMs(offset, 'offset of windows');
    checkSliding(this.sizeMs, this.slideMs, this.#offsetMs);
    this.#shortMs = this.sizeMs % this.slideMs;
    this.#last = [];
    this.#lastPaneStart = 0;
    this.#lastPaneEnd = 0;
  }

  /** Newest first; none for a time in the gaps that a slide above the size leaves. */
  at(timestamp: number): readonly TimeWindow[] {
    if (timestamp < this.#lastPaneStart || timestamp >= this.#lastPaneEnd) this.#assign(timestamp);
    return this.#last;
  }

  /** Start of the last window that begins at or before the time. */
  lastStart(timestamp: number): number {
    return TimeWindow.startOf(timestamp, this.#offsetMs, this.slideMs);
  }

  /** Start of the first window that begins at or after the time. */
  firstStart(timestamp: number): number {
    const start = this.lastStart(timestamp);
    return start === timestamp ? start : start + this.slideMs;
  }

  /** Start of the pane of a time. */
  paneStart(timestamp: number): number {
    const start = this.lastStart(timestamp);
    const cut = start + this.#shortMs;
    return this.#shortMs > 0 && timestamp >= cut ? cut : start;
  }

  /** End of the pane that begins at `paneStart`. */
  paneEnd(paneStart: number): number {
    const start = this.lastStart(paneStart);
    if (this.#shortMs > 0 && paneStart === start) return start + this.#shortMs;
    return start + this.slideMs;
  }

  #assign(timestamp: number): void {
    const windows: TimeWindow[] = [];
    const { sizeMs, slideMs } = this;
    for (let start = this.lastStart(timestamp); start > timestamp - sizeMs; start -= slideMs) {
      windows.push(new TimeWindow(start, start + sizeMs));
    }
    this.#last = windows;
    this.#lastPaneStart = this.paneStart(timestamp);
    this.#lastPaneEnd = this.paneEnd(this.#lastPaneStart);
  }
}

function checkSliding(sizeMs: number, slideMs: number, offsetMs: number): void {
  if (!(sizeMs > 0 && slideMs > 0 && Math.abs(offsetMs) < slideMs)) {
    const what = `Sliding windows of ${sizeMs} ms every ${slideMs} ms with an offset of ${offsetMs} ms.`;
    throw new MillraceError('MR1001', what, {
      hint: 'Size and slide must be positive, and the offset between -slide and slide.',
    });
  }
  if (sizeMs / slideMs <= RATIO_MAX) return;
  throw new MillraceError('MR1001', `Sliding windows of ${sizeMs} ms every ${slideMs} ms.`, {
    why: `Each record would be in more than ${RATIO_MAX} windows.`,
    hint: 'A number is milliseconds; write units otherwise.',
  });
}
