import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import type { AsyncFunction, RichAsyncFunction } from '../operator/async-function.js';
import type { AsyncOutputMode } from '../operator/async-queue.js';
import { type AsyncRetryStrategy, checkRetryStrategy } from '../operator/async-retry-strategy.js';
import { type AsyncWaitSpec, asyncWaitOperator } from '../operator/async-wait-operator.js';
import { checkSynchronous } from '../operator/synchronous.js';
import { DataStream } from './data-stream.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import { transformStream } from './windowable-stream.js';

const CAPACITY = 100;

/**
 * Asks something outside of the job for every record of a stream, up to `capacity` requests (100 unless said)
 * at a time in each subtask. More records wait, and hold the stream back.
 *
 * Requests that are under way are in the checkpoint and are made again after a restore: what they do outside
 * of the job may happen twice. At the end of input all are waited for.
 *
 * @example
 * ```ts
 * const withName = async (order: Order) => ({ ...order, name: await lookUp(order.user) });
 * const named = AsyncDataStream.unorderedWait(orders, withName, '5 s');
 * ```
 */
export const AsyncDataStream = {
  /**
   * Results leave in the order of their records.
   *
   * @param timeout of one request; after it the job fails (MR5010), unless the function object has `timeout`
   * @throws MillraceError MR1001 if an argument makes no sense
   */
  orderedWait<T, R>(
    stream: DataStream<T>,
    fn: AsyncFunction<T, R>,
    timeout: Duration,
    capacity: number = CAPACITY,
  ): SingleOutputStreamOperator<R> {
    return asyncWait(stream, fn, { mode: 'ordered', timeout, capacity, retry: undefined });
  },

  /** Results leave as they come; only watermarks are not overtaken, and do not overtake. */
  unorderedWait<T, R>(
    stream: DataStream<T>,
    fn: AsyncFunction<T, R>,
    timeout: Duration,
    capacity: number = CAPACITY,
  ): SingleOutputStreamOperator<R> {
    return asyncWait(stream, fn, { mode: 'unordered', timeout, capacity, retry: undefined });
  },

  orderedWaitWithRetry,
  unorderedWaitWithRetry,
} as const;

/**
 * {@link AsyncDataStream.orderedWait} that asks again as the strategy says; `timeout` is of all tries of a
 * request together. The capacity may stand before the strategy, as in Flink.
 *
 * @example
 * ```ts
 * AsyncDataStream.orderedWaitWithRetry(words, lookUp, '30 s', AsyncRetryStrategies.fixedDelay(3, '1 s'));
 * ```
 */
function orderedWaitWithRetry<T, R>(
  stream: DataStream<T>,
  fn: AsyncFunction<T, R>,
  timeout: Duration,
  strategy: AsyncRetryStrategy<R>,
): SingleOutputStreamOperator<R>;
function orderedWaitWithRetry<T, R>(
  stream: DataStream<T>,
  fn: AsyncFunction<T, R>,
  timeout: Duration,
  capacity: number,
  strategy: AsyncRetryStrategy<R>,
): SingleOutputStreamOperator<R>;
function orderedWaitWithRetry<T, R>(
  stream: DataStream<T>,
  fn: AsyncFunction<T, R>,
  timeout: Duration,
  ...retrying: Retrying<R>
): SingleOutputStreamOperator<R> {
  return asyncWait(stream, fn, { mode: 'ordered', timeout, ...retryingOf(retrying) });
}

/** {@link AsyncDataStream.unorderedWait} that asks again as the strategy says; see {@link orderedWaitWithRetry}. */
function unorderedWaitWithRetry<T, R>(
  stream: DataStream<T>,
  fn: AsyncFunction<T, R>,
  timeout: Duration,
  strategy: AsyncRetryStrategy<R>,
): SingleOutputStreamOperator<R>;
function unorderedWaitWithRetry<T, R>(
  stream: DataStream<T>,
  fn: AsyncFunction<T, R>,
  timeout: Duration,
  capacity: number,
  strategy: AsyncRetryStrategy<R>,
): SingleOutputStreamOperator<R>;
function unorderedWaitWithRetry<T, R>(
  stream: DataStream<T>,
  fn: AsyncFunction<T, R>,
  timeout: Duration,
  ...retrying: Retrying<R>
): SingleOutputStreamOperator<R> {
  return asyncWait(stream, fn, { mode: 'unordered', timeout, ...retryingOf(retrying) });
}

/** The strategy alone, or the capacity before it. */
type Retrying<R> =
  | readonly [strategy: AsyncRetryStrategy<R>]
  | readonly [capacity: number, strategy: AsyncRetryStrategy<R>];

interface AsyncWaitOptions {
  readonly mode: AsyncOutputMode;
  readonly timeout: Duration;
  readonly capacity: number;
  readonly retry: AsyncRetryStrategy<never> | undefined;
}

function retryingOf<R>(retrying: Retrying<R>): Pick<AsyncWaitOptions, 'capacity' | 'retry'> {
  const [capacity, retry] = retrying.length === 2 ? retrying : [CAPACITY, retrying[0]];
  checkRetryStrategy(retry);
  return { capacity, retry };
}

function asyncWait<T, R>(
  stream: DataStream<T>,
  fn: AsyncFunction<T, R>,
  options: AsyncWaitOptions,
): SingleOutputStreamOperator<R> {
  if (!(stream instanceof DataStream)) {
    throw new MillraceError('MR1001', 'AsyncDataStream takes a stream as its first argument.');
  }
  const { mode, capacity } = options;
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new MillraceError('MR1001', `The capacity of an asynchronous operator is ${String(capacity)}.`, {
      hint: 'Give the number of requests that may be under way in one subtask, at least 1.',
    });
  }
  const partial = {
    fn: functionObject(fn) as RichAsyncFunction<unknown, unknown>,
    mode,
    timeoutMs: checkedTimeoutMs(options.timeout),
    capacity,
    retry: options.retry as AsyncRetryStrategy<unknown> | undefined,
  };
  return transformStream<T, R>(stream, {
    kind: 'async-wait',
    name: mode === 'ordered' ? 'Async Wait' : 'Async Wait (unordered)',
    factory: (inputType) => asyncWaitOperator({ ...partial, inputType } satisfies AsyncWaitSpec),
    isStateful: true,
  });
}

function functionObject<T, R>(fn: AsyncFunction<T, R>): RichAsyncFunction<T, R> {
  if (typeof fn === 'function') return { asyncInvoke: fn };
  const { asyncInvoke, timeout } = (fn ?? {}) as Partial<RichAsyncFunction<T, R>>;
  if (typeof asyncInvoke !== 'function') {
    throw new MillraceError(
      'MR1001',
      'An asynchronous function is a function, or an object with asyncInvoke.',
      {
        hint: 'It returns a promise of the results: async (value) => ...',
      },
    );
  }
  if (timeout !== undefined) checkSynchronous(timeout, 'timeout of an asynchronous function');
  return fn;
}

function checkedTimeoutMs(timeout: Duration): number {
  if (timeout === undefined) {
    throw new MillraceError('MR1001', 'An asynchronous operator needs a timeout.', {
      hint: "Say how long a request may take: AsyncDataStream.orderedWait(stream, fn, '10 s').",
    });
  }
  const timeoutMs = durationMs(timeout, 'timeout of a request');
  if (timeoutMs > 0) return timeoutMs;
  throw new MillraceError('MR1001', `The timeout of a request is ${timeoutMs} ms; it must be positive.`);
}
