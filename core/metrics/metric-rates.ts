/** A moment, and what had been counted by then. */
interface Mark {
  readonly atMs: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** Marks within one window, beside the one before it. */
const MARKS_PER_WINDOW = 10;

/**
 * Turns counts into numbers a second, over about the last `windowMs`: from the newest mark that is at least that old to
 * now, or from the oldest one there is. What has no mark yet is counted from its beginning.
 *
 * Invariants: marks are in the order of time, at least windowMs / 10 apart; of those older than the window one is kept.
 */
export class MetricRates {
  readonly #windowMs: number;
  readonly #marks: Mark[] = [];
  #next = new Map<string, number>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /**
   * How much of it there was a second. `key` names it for good; `sinceMs`: when its count was 0. Times are monotonic.
   * What was counted before its last mark and is less now has begun anew.
   */
  perSecond(key: string, count: number, sinceMs: number, nowMs: number): number {
    this.#next.set(key, count);
    const known = this.#marks.filter(({ counts }) => (counts.get(key) ?? Number.POSITIVE_INFINITY) <= count);
    const mark = known.findLast(({ atMs }) => atMs <= nowMs - this.#windowMs) ?? known[0];
    const [fromMs, from] = mark === undefined ? [sinceMs, 0] : [mark.atMs, mark.counts.get(key) ?? 0];
    return nowMs > fromMs ? ((count - from) * 1000) / (nowMs - fromMs) : 0;
  }

  /** All counts of a moment have been given. */
  mark(nowMs: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && nowMs - last.atMs < this.#windowMs / MARKS_PER_WINDOW) {
      this.#next = new Map();
      return;
    }
    this.#marks.push({ atMs: nowMs, counts: this.#next });
    this.#next = new Map();
    while ((this.#marks[1]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs - this.#windowMs) this.#marks.shift();
  }
}
