import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { checkSynchronous } from './synchronous.js';

/**
 * Whether, and after how long, a request is made once more. All tries together have the one timeout of the
 * operator.
 *
 * @example
 * ```ts
 * const once: AsyncRetryStrategy<number> = {
 *   canRetry: (attempts) => attempts === 1,
 *   backoffMs: () => 50,
 *   ifException: () => true,
 * };
 * ```
 */
export interface AsyncRetryStrategy<R> extends AsyncRetryPredicates<R> {
  /** After `attempts` tries, the first included. */
  canRetry(attempts: number): boolean;
  /** Time until the next try, ms. */
  backoffMs(attempts: number): number;
}

/** What asks for another try. Without the one or the other, such an outcome is final. Synchronous. */
export interface AsyncRetryPredicates<R> {
  readonly ifResult?: ((results: readonly R[]) => boolean) | undefined;
  readonly ifException?: ((error: unknown) => boolean) | undefined;
}

/**
 * Predicates that are often meant.
 *
 * @example
 * ```ts
 * const untilFound = AsyncRetryStrategies.fixedDelay(3, '1 s', {
 *   ifResult: RetryPredicates.EMPTY_RESULT_PREDICATE,
 * });
 * ```
 */
export const RetryPredicates = {
  /** For `ifResult`: there is no result. */
  EMPTY_RESULT_PREDICATE: (results: readonly unknown[]): boolean => results.length === 0,
  /** For `ifException`: whatever it is. */
  HAS_EXCEPTION_PREDICATE: (_error: unknown): boolean => true,
} as const;

/** Every exception is tried again where neither predicate is given. */
const DEFAULT_PREDICATES: AsyncRetryPredicates<unknown> = {
  ifException: RetryPredicates.HAS_EXCEPTION_PREDICATE,
};

/**
 * The usual strategies. `maxAttempts` counts the tries after the first one, as in Flink.
 *
 * @example
 * ```ts
 * AsyncRetryStrategies.exponentialBackoff(5, '100 ms', '10 s', 2, {
 *   ifException: (error) => error instanceof TypeError,
 * });
 * ```
 */
export const AsyncRetryStrategies = {
  /** @throws MillraceError MR1001 if the number of tries is not positive, or the delay negative */
  fixedDelay<R>(
    maxAttempts: number,
    delay: Duration,
    predicates: AsyncRetryPredicates<R> = DEFAULT_PREDICATES,
  ): AsyncRetryStrategy<R> {
    checkAttempts(maxAttempts);
    const delayMs = checkedDelayMs(delay, 'delay of a retry');
    return {
      ...checkedPredicates(predicates),
      canRetry: (attempts) => attempts <= maxAttempts,
      backoffMs: () => delayMs,
    };
  },

  /**
   * `initialDelay`, then `multiplier` times as long each time, up to `maxDelay`.
   *
   * @throws MillraceError MR1001 if the number of tries is not positive, a delay negative, or the multiplier
   *   below 1
   */
  exponentialBackoff<R>(
    maxAttempts: number,
    initialDelay: Duration,
    maxDelay: Duration,
    multiplier: number,
    predicates: AsyncRetryPredicates<R> = DEFAULT_PREDICATES,
  ): AsyncRetryStrategy<R> {
    checkAttempts(maxAttempts);
    const initialMs = checkedDelayMs(initialDelay, 'initial delay of a retry');
    const maxMs = checkedDelayMs(maxDelay, 'greatest delay of a retry');
    if (!(multiplier >= 1) || !Number.isFinite(multiplier)) {
      throw new MillraceError('MR1001', `The multiplier of a retry's delay is ${multiplier}.`, {
        hint: 'Give a number of at least 1.',
      });
    }
    return {
      ...checkedPredicates(predicates),
      canRetry: (attempts) => attempts <= maxAttempts,
      backoffMs: (attempts) => Math.min(maxMs, initialMs * multiplier ** (attempts - 1)),
    };
  },
} as const;

/** @throws MillraceError MR1001 if it is no strategy */
export function checkRetryStrategy(strategy: unknown): void {
  const { canRetry, backoffMs } = (strategy ?? {}) as Partial<AsyncRetryStrategy<unknown>>;
  if (typeof canRetry === 'function' && typeof backoffMs === 'function') return;
  throw new MillraceError('MR1001', 'A retry strategy is an object with canRetry and backoffMs.', {
    hint: "AsyncRetryStrategies.fixedDelay(3, '100 ms') makes one.",
  });
}

function checkedPredicates<R>(predicates: AsyncRetryPredicates<R>): AsyncRetryPredicates<R> {
  const { ifResult, ifException } = predicates;
  if (ifResult !== undefined) checkSynchronous(ifResult, 'ifResult of a retry strategy');
  if (ifException !== undefined) checkSynchronous(ifException, 'ifException of a retry strategy');
  return { ifResult, ifException };
}

function checkAttempts(maxAttempts: number): void {
  if (Number.isInteger(maxAttempts) && maxAttempts >= 1) return;
  throw new MillraceError('MR1001', `The number of retries is ${String(maxAttempts)}.`, {
    hint: 'Give a whole number of at least 1; without retries, use orderedWait or unorderedWait.',
  });
}

function checkedDelayMs(delay: Duration, what: string): number {
  const delayMs = durationMs(delay, what);
  if (delayMs >= 0) return delayMs;
  throw new MillraceError('MR1001', `The ${what} is ${delayMs} ms, which is negative.`);
}
