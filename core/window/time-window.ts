import { Watermark } from '../element/watermark.js';

/**
 * The times from `start` to `end`, `end` not included; ms since the epoch.
 *
 * @example
 * ```ts
 * const hour = 3_600_000;
 * const start = TimeWindow.startOf(Date.parse('2026-03-01T10:20:00Z'), 0, hour); // 10:00
 * const window = new TimeWindow(start, start + hour);
 * ```
 */
export class TimeWindow {
  readonly start: number;
  readonly end: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  /** The last time that belongs to the window: a watermark at it closes the window. */
  get maxTimestamp(): number {
    return this.end - 1;
  }

  /**
   * Start of the window of `size` that holds the time, where windows are aligned to the epoch plus `offset`.
   * Times before the epoch are in windows like any others.
   */
  static startOf(timestamp: number, offset: number, size: number): number {
    const remainder = (timestamp - offset) % size;
    return timestamp - (remainder < 0 ? remainder + size : remainder);
  }
}

/** When the state of a window goes, in event time; Watermark.MAX, which no timer has, if never. */
export function cleanupTime(window: TimeWindow, allowedLatenessMs: number): number {
  const time = window.maxTimestamp + allowedLatenessMs;
  return time > Watermark.MAX ? Watermark.MAX : time;
}
