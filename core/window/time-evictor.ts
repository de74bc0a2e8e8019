import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { type Evictor, retain, type TimestampedValue } from './evictor.js';

/**
 * Keeps the records whose timestamps are nearer to the newest one of the window than `windowSize`. Records
 * without timestamps all stay.
 *
 * @example `windowed.evictor(TimeEvictor.of('10 s'))`
 */
export class TimeEvictor implements Evictor {
  readonly #windowSizeMs: number;
  readonly #doEvictAfter: boolean;

  private constructor(windowSizeMs: number, doEvictAfter: boolean) {
    this.#windowSizeMs = windowSizeMs;
    this.#doEvictAfter = doEvictAfter;
  }

  /** @throws MillraceError MR1001 if the size is negative */
  static of(windowSize: Duration, doEvictAfter = false): TimeEvictor {
    const windowSizeMs = durationMs(windowSize, 'time of an evictor');
    if (windowSizeMs >= 0) return new TimeEvictor(windowSizeMs, doEvictAfter);
    throw new MillraceError('MR1001', `The time of an evictor is ${windowSizeMs} ms, which is negative.`);
  }

  evictBefore(elements: TimestampedValue<unknown>[]): void {
    if (!this.#doEvictAfter) this.#evict(elements);
  }

  evictAfter(elements: TimestampedValue<unknown>[]): void {
    if (this.#doEvictAfter) this.#evict(elements);
  }

  #evict(elements: TimestampedValue<unknown>[]): void {
    if (elements[0]?.timestamp === undefined) return;
    let newest = Number.NEGATIVE_INFINITY;
    for (const { timestamp } of elements) newest = Math.max(newest, timestamp ?? newest);
    const cutoff = newest - this.#windowSizeMs;
    retain(elements, ({ timestamp }) => timestamp === undefined || timestamp > cutoff);
  }
}
