import { MillraceError } from '../base/millrace-error.js';
import type { MetricHistogram } from '../ports/metrics.js';
import { HISTOGRAM_STATISTICS } from './metric-descriptor.js';

const WINDOW_DEFAULT = 1024;
const WINDOW_MAX = 65_536;
const FIRST_SIZE = 64;

/**
 * The distribution of the last values, at most `windowSize` of them.
 *
 * Invariants: values[0, held) are those of the window, in no order once it is full; 0 <= next < values.length.
 */
export class HistogramWindow implements MetricHistogram {
  count = 0;
  readonly #windowSize: number;
  #values: Float64Array;
  #next = 0;
  #held = 0;

  /** @throws MillraceError MR1001 for a window of no size that is allowed */
  constructor(windowSize: number = WINDOW_DEFAULT) {
    if (!Number.isSafeInteger(windowSize) || windowSize < 1 || windowSize > WINDOW_MAX) {
      throw new MillraceError(
        'MR1001',
        `A histogram has a window of 1 to ${WINDOW_MAX} values, not of ${windowSize}.`,
      );
    }
    this.#windowSize = windowSize;
    this.#values = new Float64Array(Math.min(FIRST_SIZE, windowSize));
  }

  update(value: number): void {
    this.count++;
    if (this.#next === this.#values.length) this.#wrap();
    this.#values[this.#next++] = value;
    if (this.#held < this.#next) this.#held = this.#next;
  }

  /** Writes the numbers of {@link HISTOGRAM_STATISTICS} from `at` on. Without values all of them are 0. */
  write(into: Float64Array, at: number): void {
    into.fill(0, at, at + HISTOGRAM_STATISTICS.length);
    into[at] = this.count;
    const held = this.#held;
    if (held === 0) return;
    const sorted = this.#values.slice(0, held).sort();
    let sum = 0;
    for (let i = 0; i < held; i++) sum += sorted[i] ?? 0;
    const mean = sum / held;
    let squares = 0;
    for (let i = 0; i < held; i++) squares += ((sorted[i] ?? 0) - mean) ** 2;
    into.set(
      [
        quantile(sorted, 0),
        quantile(sorted, 1),
        mean,
        held > 1 ? Math.sqrt(squares / (held - 1)) : 0,
        ...[0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.999].map((share) => quantile(sorted, share)),
      ],
      at + 1,
    );
  }

  #wrap(): void {
    const length = this.#values.length;
    if (length === this.#windowSize) {
      this.#next = 0;
      return;
    }
    const values = new Float64Array(Math.min(length * 2, this.#windowSize));
    values.set(this.#values);
    this.#values = values;
  }
}

/** Between two values it lies on the line from one to the other; `share` of n values is at place share * (n + 1). */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length + 1);
  const below = Math.floor(place);
  const low = sorted[Math.min(Math.max(below - 1, 0), sorted.length - 1)] ?? 0;
  const high = sorted[Math.min(below, sorted.length - 1)] ?? 0;
  return below < 1 ? low : low + (place - below) * (high - low);
}
