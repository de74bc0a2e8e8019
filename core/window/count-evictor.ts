import { MillraceError } from '../base/millrace-error.js';
import type { Evictor, TimestampedValue } from './evictor.js';

/**
 * Keeps the last records of a window, at most so many.
 *
 * @example `windowed.evictor(CountEvictor.of(10))`
 */
export class CountEvictor implements Evictor {
  readonly #maxCount: number;
  readonly #doEvictAfter: boolean;

  private constructor(maxCount: number, doEvictAfter: boolean) {
    this.#maxCount = maxCount;
    this.#doEvictAfter = doEvictAfter;
  }

  /**
   * `doEvictAfter`: once the function has seen all of them, instead of before.
   *
   * @throws MillraceError MR1001 unless the count is a whole number, 0 or more
   */
  static of(maxCount: number, doEvictAfter = false): CountEvictor {
    if (Number.isSafeInteger(maxCount) && maxCount >= 0) return new CountEvictor(maxCount, doEvictAfter);
    throw new MillraceError('MR1001', `A count evictor of ${maxCount}.`, {
      hint: 'Say how many records stay: a whole number, 0 or more.',
    });
  }

  evictBefore(elements: TimestampedValue<unknown>[]): void {
    if (!this.#doEvictAfter) this.#evict(elements);
  }

  evictAfter(elements: TimestampedValue<unknown>[]): void {
    if (this.#doEvictAfter) this.#evict(elements);
  }

  #evict(elements: TimestampedValue<unknown>[]): void {
    if (elements.length > this.#maxCount) elements.splice(0, elements.length - this.#maxCount);
  }
}
