import { invariant } from '../base/invariant.js';

/** So much time is a bucket, ms: what rows of timers have in common that are scanned together. */
const BUCKET_MS = 0x1_0000;

/** Timers of a span of time, from `start` on, ms. */
export interface TimerBucket {
  readonly start: number;
  readonly count: number;
}

/**
 * How many timers there are in which bucket of time.
 *
 * Invariants: `#starts` is a binary heap that holds the start of each bucket of `#counts` once; buckets that have
 * become empty stay there until their turn comes, and `#filled` counts the others.
 */
export class FarTimers {
  readonly #counts = new Map<number, number>();
  readonly #starts: number[] = [];
  #filled = 0;

  /** The first time of the bucket. */
  static startOf(time: number): number {
    return Math.floor(time / BUCKET_MS) * BUCKET_MS;
  }

  /** The first time that is not in the bucket any more. */
  static endOf(start: number): number {
    return start + BUCKET_MS;
  }

  get isEmpty(): boolean {
    return this.#filled === 0;
  }

  add(time: number): void {
    const start = FarTimers.startOf(time);
    const count = this.#counts.get(start);
    this.#counts.set(start, (count ?? 0) + 1);
    if (count === undefined) this.#push(start);
    if (count === undefined || count === 0) this.#filled++;
  }

  /** One that was added. */
  remove(time: number): void {
    const start = FarTimers.startOf(time);
    const count = this.#counts.get(start) ?? 0;
    invariant(count > 0, 'a timer is removed that was counted', { time });
    this.#counts.set(start, count - 1);
    if (count === 1) this.#filled--;
  }

  /** Forgets the first bucket, and tells it. There must be one. */
  takeFirst(): TimerBucket {
    for (;;) {
      invariant(this.#starts.length > 0, 'a bucket is taken where there is one');
      const start = this.#pop();
      const count = this.#counts.get(start) ?? 0;
      this.#counts.delete(start);
      if (count === 0) continue;
      this.#filled--;
      return { start, count };
    }
  }

  #push(start: number): void {
    const heap = this.#starts;
    let at = heap.push(start) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] ?? 0;
      if (above <= start) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = start;
  }

  #pop(): number {
    const heap = this.#starts;
    const first = heap[0] ?? 0;
    const last = heap.pop() ?? 0;
    const size = heap.length;
    if (size === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
      if ((heap[child] ?? 0) >= last) break;
      heap[at] = heap[child] ?? 0;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
