import type { TimeWindow } from './time-window.js';

/** A record as a window with an evictor keeps it. */
export interface TimestampedValue<T> {
  readonly value: T;
  /** Event time; absent for a record that has none. */
  readonly timestamp?: number | undefined;
}

/** Valid only during the call that it is given to. */
export interface EvictorContext {
  currentWatermark(): number;
  /** Wall time, ms since the epoch. */
  currentProcessingTime(): number;
}

/**
 * Takes records out of a window when it fires, before or after its function sees them. A window with an
 * evictor keeps all its records, even where `reduce` or `aggregate` folds them.
 *
 * @example
 * ```ts
 * // Only records that have a price count.
 * const priced: Evictor<{ price: number }> = {
 *   evictBefore(elements) {
 *     for (let i = elements.length - 1; i >= 0; i--) if (elements[i]?.value.price === 0) elements.splice(i, 1);
 *   },
 * };
 * ```
 */
export interface Evictor<T = unknown> {
  /** Removes what is to go from `elements`, which are in the order in which they came. */
  evictBefore?(elements: TimestampedValue<T>[], size: number, window: TimeWindow, ctx: EvictorContext): void;
  /** The same, once the function has seen them. */
  evictAfter?(elements: TimestampedValue<T>[], size: number, window: TimeWindow, ctx: EvictorContext): void;
}

/** Keeps the elements for which `keeps` is true, in their order. */
export function retain<T>(
  elements: TimestampedValue<T>[],
  keeps: (element: TimestampedValue<T>) => boolean,
): void {
  let kept = 0;
  for (const element of elements) {
    if (keeps(element)) elements[kept++] = element;
  }
  elements.length = kept;
}
