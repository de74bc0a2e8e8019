import { MillraceError } from '../base/millrace-error.js';
import { checkSynchronous } from '../operator/synchronous.js';
import type { DeltaFunction } from './delta-trigger.js';
import { type Evictor, retain, type TimestampedValue } from './evictor.js';

/**
 * Keeps the records that are nearer than the threshold to the last one of the window.
 *
 * @example `windowed.evictor(DeltaEvictor.of(60_000, (a: Click, b: Click) => b.time - a.time))`
 */
export class DeltaEvictor<T> implements Evictor<T> {
  readonly #threshold: number;
  readonly #delta: DeltaFunction<T>;
  readonly #doEvictAfter: boolean;

  private constructor(threshold: number, delta: DeltaFunction<T>, doEvictAfter: boolean) {
    this.#threshold = threshold;
    this.#delta = delta;
    this.#doEvictAfter = doEvictAfter;
  }

  /**
   * `delta(element, last)` at or above the threshold evicts the element.
   *
   * @throws MillraceError MR1001 if the threshold is no number
   */
  static of<T>(threshold: number, delta: DeltaFunction<T>, doEvictAfter = false): DeltaEvictor<T> {
    if (typeof threshold !== 'number' || Number.isNaN(threshold)) {
      throw new MillraceError('MR1001', `The threshold of a delta evictor is ${String(threshold)}.`);
    }
    checkSynchronous(delta, 'The delta function of an evictor');
    return new DeltaEvictor(threshold, delta, doEvictAfter);
  }

  evictBefore(elements: TimestampedValue<T>[]): void {
    if (!this.#doEvictAfter) this.#evict(elements);
  }

  evictAfter(elements: TimestampedValue<T>[]): void {
    if (this.#doEvictAfter) this.#evict(elements);
  }

  #evict(elements: TimestampedValue<T>[]): void {
    const last = elements.at(-1);
    if (last === undefined) return;
    const delta = this.#delta;
    retain(elements, (element) => delta(element.value, last.value) < this.#threshold);
  }
}
