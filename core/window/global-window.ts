import { Watermark } from '../element/watermark.js';
import { TimeWindow } from './time-window.js';

/**
 * The one window of all times, which never ends by itself: that of {@link GlobalWindows}.
 *
 * @example `const isGlobal = (window: TimeWindow) => window === GlobalWindow.get()`
 */
export class GlobalWindow extends TimeWindow {
  static readonly #instance = new GlobalWindow();

  private constructor() {
    super(Watermark.MIN, Watermark.MAX);
  }

  /** The end of event time. */
  override get maxTimestamp(): number {
    return Watermark.MAX;
  }

  static get(): GlobalWindow {
    return GlobalWindow.#instance;
  }
}

/** The window that has these bounds in state. */
export function windowOf(start: number, end: number): TimeWindow {
  if (start === Watermark.MIN && end === Watermark.MAX) return GlobalWindow.get();
  return new TimeWindow(start, end);
}
