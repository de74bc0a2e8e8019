import { Watermark } from '../element/watermark.js';

/** Is told which windows become one: at least two of those that it was asked about. */
export type MergeCallback = (toBeMerged: readonly TimeWindow[], mergeResult: TimeWindow) => void;

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

  equals(other: TimeWindow): boolean {
    return this.start === other.start && this.end === other.end;
  }

  /** Whether the two overlap or touch: [0, 10) and [10, 20) do. */
  intersects(other: TimeWindow): boolean {
    return this.start <= other.end && this.end >= other.start;
  }

  /** The smallest window that holds both. */
  cover(other: TimeWindow): TimeWindow {
    return new TimeWindow(Math.min(this.start, other.start), Math.max(this.end, other.end));
  }

  /**
   * Start of the window of `size` that holds the time, where windows are aligned to the epoch plus `offset`.
   * Times before the epoch are in windows like any others.
   */
  static startOf(timestamp: number, offset: number, size: number): number {
    const remainder = (timestamp - offset) % size;
    return timestamp - (remainder < 0 ? remainder + size : remainder);
  }

  /** Merges all windows that overlap or touch: the `mergeWindows` of session windows. */
  static mergeWindows(windows: readonly TimeWindow[], merge: MergeCallback): void {
    const sorted = windows.toSorted((a, b) => a.start - b.start);
    let merged: TimeWindow[] = [];
    let result: TimeWindow | undefined;
    for (const window of sorted) {
      if (result?.intersects(window)) {
        result = result.cover(window);
        merged.push(window);
        continue;
      }
      if (result !== undefined && merged.length > 1) merge(merged, result);
      result = window;
      merged = [window];
    }
    if (result !== undefined && merged.length > 1) merge(merged, result);
  }
}

/** When the state of a window goes; Watermark.MAX, which no timer has, if never. */
export function cleanupTime(window: TimeWindow, allowedLatenessMs: number): number {
  const time = window.maxTimestamp + allowedLatenessMs;
  return time > Watermark.MAX ? Watermark.MAX : time;
}
