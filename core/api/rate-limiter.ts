import { MillraceError } from '../base/millrace-error.js';
import type { Clock } from '../ports/clock.js';

/**
 * What was not used while there was nothing to read, or no room for it, is made up for, but no more than
 * this.
 */
const BURST_MS = 1000;

/**
 * Says how many records may be emitted now, so that there are at most so many a second. It counts from its
 * first use, by the monotonic clock.
 *
 * Invariants:
 * - over any time the permits given are at most rate x (time + BURST_MS), and 1;
 * - permits that were asked for and not used are not lost.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #perMs: number;
  /** Time up to which permits have been spent. Undefined before the first use. */
  #spentToMs: number | undefined;

  /** @throws MillraceError MR1001 if the rate is not positive */
  constructor(clock: Clock, perSecond: number) {
    checkRate(perSecond);
    this.#clock = clock;
    this.#perMs = perSecond / 1000;
    this.#spentToMs = undefined;
  }

  /** Records that may be emitted now. */
  available(): number {
    const nowMs = this.#clock.monotonicMs();
    const spentToMs = Math.max(
      this.#spentToMs ?? nowMs - 1 / this.#perMs,
      nowMs - BURST_MS - 1 / this.#perMs,
    );
    this.#spentToMs = spentToMs;
    // The small part of a record keeps rounding from holding back one that is due.
    return Math.floor((nowMs - spentToMs) * this.#perMs + 1e-6);
  }

  /** So many of the available records were emitted. */
  spend(count: number): void {
    if (this.#spentToMs !== undefined) this.#spentToMs += count / this.#perMs;
  }

  /** Milliseconds until a record may be emitted; 0 if one may be now. */
  delayMs(): number {
    if (this.#spentToMs === undefined) return 0;
    return Math.max(0, this.#spentToMs + 1 / this.#perMs - this.#clock.monotonicMs());
  }
}

/** @throws MillraceError MR1001 if the rate is not positive */
export function checkRate(perSecond: number): void {
  if (perSecond > 0 && Number.isFinite(perSecond)) return;
  throw new MillraceError('MR1001', `The rate is ${String(perSecond)} records a second.`, {
    hint: 'Give a number greater than 0.',
  });
}
