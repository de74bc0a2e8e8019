// hot path: async-wait.bench.ts
import { Availability } from '../base/availability.js';
import { MillraceError } from '../base/millrace-error.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { OneInputOperator } from './abstract-stream-operator.js';
import type { AsyncResults, ResultFuture, RichAsyncFunction } from './async-function.js';
import { type AsyncOutputMode, AsyncQueue, AsyncRequest } from './async-queue.js';
import type { AsyncRetryStrategy } from './async-retry-strategy.js';
import { type RequestType, restoreRequests, snapshotRequests, storedRequests } from './async-snapshot.js';
import { OperatorRuntimeContext } from './runtime-context.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

/** All that an asynchronous operator is made of. */
export interface AsyncWaitSpec {
  readonly fn: RichAsyncFunction<unknown, unknown>;
  readonly mode: AsyncOutputMode;
  readonly timeoutMs: number;
  /** Requests that may be under way, those counted that wait for their turn to leave. */
  readonly capacity: number;
  readonly retry: AsyncRetryStrategy<unknown> | undefined;
  /** Of the records: those under way are in the snapshot. */
  readonly inputType: TypeDescriptor<unknown>;
}

/**
 * Asks an asynchronous function for each record, many at a time.
 *
 * What settles is only noted then; the next step of the task takes it all, so that a promise costs one
 * reaction and no turn of its own, and results leave between two steps and never beside a snapshot.
 *
 * Invariants:
 * - at most `capacity` requests have been asked and not emitted; `#unasked` are the others, in order: what a
 *   step brings above that waits there, and no further step is taken until it is empty;
 * - a record is in the queue, and so in the snapshot, until its results have gone out;
 * - a watermark leaves after the results of every record before it;
 * - while a request is under way, the task is woken by what settles and by the earliest deadline.
 */
class AsyncWaitOperator extends OneInputOperator<unknown, unknown> {
  readonly #spec: AsyncWaitSpec;
  readonly #type: RequestType;
  readonly #takesFuture: boolean;
  readonly #queue: AsyncQueue;
  readonly #arrival: Availability;
  #unasked: AsyncRequest[];
  #unaskedNext: number;
  #settled: AsyncRequest[];
  #delayed: DelayedRequest[];
  #watching: boolean;
  /** Monotonic time of the wake-up that was asked for; Infinity if none is. */
  #wakeMs: number;
  #ended: boolean;
  #closed: boolean;

  constructor(context: ChainedOperatorContext, output: Output<unknown>, spec: AsyncWaitSpec) {
    super(context, output);
    this.#spec = spec;
    this.#type = { type: spec.inputType, codec: context.codecs.codecFor(spec.inputType) };
    this.#takesFuture = spec.fn.asyncInvoke.length >= 2;
    this.#queue = new AsyncQueue(spec.mode);
    this.#arrival = new Availability();
    this.#unasked = [];
    this.#unaskedNext = 0;
    this.#settled = [];
    this.#delayed = [];
    this.#watching = false;
    this.#wakeMs = Number.POSITIVE_INFINITY;
    this.#ended = false;
    this.#closed = false;
    this.withPart({ snapshotState: () => snapshotRequests(this.#type, this.#queue) });
    context.metrics.gauge('numRequestsUnderWay', () => this.#asked());
  }

  /** Requests that were under way are asked again, in their order. */
  override open(): void | Promise<void> {
    const { codecs, restored } = this.context;
    restoreRequests(this.#type, codecs, restored, this.#queue);
    for (const node of this.#queue) if (node.kind === 'request') this.#unasked.push(node);
    return this.#spec.fn.open?.(new OperatorRuntimeContext(this.context));
  }

  processElement(value: unknown, timestamp: number): void {
    const request = new AsyncRequest(value, timestamp);
    const mayAsk = this.#asked() < this.#spec.capacity && this.#unasked.length === 0;
    this.#queue.add(request);
    if (mayAsk) this.#ask(request);
    else this.#unasked.push(request);
  }

  override processWatermark(timestamp: number): void {
    if (this.#queue.isEmpty) this.output.emitWatermark(timestamp);
    else this.#queue.addBarrier('watermark', timestamp);
  }

  override processIdle(): void {
    if (this.#queue.isEmpty) this.output.emitIdle();
    else this.#queue.addBarrier('idle', 0);
  }

  override processActive(): void {
    if (this.#queue.isEmpty) this.output.emitActive();
    else this.#queue.addBarrier('active', 0);
  }

  /** Takes what has settled, sends what may leave, and asks for as many as that makes room for. */
  override resume(): boolean {
    const settled = this.#settled;
    if (settled.length > 0) {
      this.#settled = [];
      for (const request of settled) this.#accept(request);
    }
    const all = this.#emit();
    if (this.#unasked.length > 0) this.#askWaiting();
    return all;
  }

  override room(): number {
    if (this.#unasked.length > 0 || (this.#ended && !this.#queue.isEmpty)) return 0;
    return this.#spec.capacity - this.#queue.size;
  }

  /** The rest is waited for: there is no {@link room} until all of it has gone out. */
  override endInput(): void {
    this.#ended = true;
  }

  override onWake(): void {
    const nowMs = this.context.clock.monotonicMs();
    this.#wakeMs = Number.POSITIVE_INFINITY;
    for (const node of this.#queue) {
      if (node.kind !== 'request' || node.attempt === 0 || node.done || node.settled) continue;
      if (node.deadlineMs <= nowMs) this.#expire(node);
      else this.#wakeNoLaterThan(node.deadlineMs, nowMs);
    }
    const delayed = this.#delayed;
    this.#delayed = [];
    for (const retry of delayed) {
      const { request, dueMs } = retry;
      if (request.deadlineMs <= nowMs) this.#expire(request);
      else if (dueMs <= nowMs) this.#call(request);
      else this.#delayed.push(retry);
      this.#wakeNoLaterThan(dueMs <= nowMs ? request.deadlineMs : Math.min(dueMs, request.deadlineMs), nowMs);
    }
  }

  override close(): void | Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.context.userCode.node = this.context.chainIndex;
    return this.#spec.fn.close?.();
  }

  /** Called by promises and by users, at any time between two steps, or within a call of user code. */
  settle(request: AsyncRequest, attempt: number, results: unknown, failed: boolean): void {
    if (request.attempt !== attempt || request.settled || request.done || this.#closed) return;
    request.settled = true;
    request.failed = failed;
    request.results = results;
    this.#settled.push(request);
    if (this.#settled.length === 1) this.#arrival.release();
  }

  /** Requests that count towards the capacity. */
  #asked(): number {
    return this.#queue.size - (this.#unasked.length - this.#unaskedNext);
  }

  #ask(request: AsyncRequest): void {
    const nowMs = this.context.clock.monotonicMs();
    request.deadlineMs = nowMs + this.#spec.timeoutMs;
    this.#wakeNoLaterThan(request.deadlineMs, nowMs);
    if (!this.#watching) this.#watch();
    this.#call(request);
  }

  #call(request: AsyncRequest): void {
    if (this.#spec.retry === undefined) {
      this.#invoke(request);
      return;
    }
    try {
      this.#invoke(request);
    } catch (error) {
      this.settle(request, request.attempt, error, true);
    }
  }

  #invoke(request: AsyncRequest): void {
    const attempt = ++request.attempt;
    request.settled = false;
    this.context.userCode.node = this.context.chainIndex;
    const { fn } = this.#spec;
    const future = this.#takesFuture ? new RequestFuture(this, request, attempt) : NO_FUTURE;
    const returned = fn.asyncInvoke(request.value, future);
    if (typeof returned === 'object' && returned !== null && typeof returned.then === 'function') {
      returned.then(
        (results) => {
          if (results !== undefined || future === NO_FUTURE) this.settle(request, attempt, results, false);
        },
        (error) => this.settle(request, attempt, error, true),
      );
    } else if (returned !== undefined || !this.#takesFuture) {
      throw notAPromise(returned);
    }
  }

  #accept(request: AsyncRequest): void {
    const { retry } = this.#spec;
    const mayRetry = retry !== undefined && request.deadlineMs !== EXPIRED;
    if (mayRetry && this.#wantsRetry(retry, request) && retry.canRetry(request.attempt)) {
      this.#delay(request, retry.backoffMs(request.attempt));
      return;
    }
    if (request.failed) {
      this.context.userCode.node = this.context.chainIndex;
      throw request.results;
    }
    this.#queue.complete(request);
  }

  #wantsRetry(retry: AsyncRetryStrategy<unknown>, request: AsyncRequest): boolean {
    this.context.userCode.node = this.context.chainIndex;
    if (request.failed) return retry.ifException?.(request.results) === true;
    return retry.ifResult?.(listOf(request.results)) === true;
  }

  #delay(request: AsyncRequest, delayMs: number): void {
    const nowMs = this.context.clock.monotonicMs();
    this.#delayed.push({ request, dueMs: nowMs + delayMs });
    this.#wakeNoLaterThan(nowMs + delayMs, nowMs);
  }

  /** False: some of what may leave is left. */
  #emit(): boolean {
    const { output, context } = this;
    const queue = this.#queue;
    while (queue.mayTake) {
      if (context.mustYield()) return false;
      const node = queue.take();
      if (node === undefined) break;
      if (node.kind === 'request') {
        const { results, timestamp } = node;
        if (Array.isArray(results)) {
          for (let i = 0; i < results.length; i++) output.collect(results[i], timestamp);
        } else if (results !== undefined) {
          output.collect(results, timestamp);
        }
      } else if (node.kind === 'watermark') output.emitWatermark(node.timestamp);
      else if (node.kind === 'idle') output.emitIdle();
      else output.emitActive();
    }
    return true;
  }

  #askWaiting(): void {
    while (this.#asked() < this.#spec.capacity) {
      const request = this.#unasked[this.#unaskedNext];
      if (request === undefined) break;
      this.#unaskedNext++;
      this.#ask(request);
    }
    if (this.#unaskedNext < this.#unasked.length) return;
    this.#unasked = [];
    this.#unaskedNext = 0;
  }

  #expire(request: AsyncRequest): void {
    const { fn, timeoutMs } = this.#spec;
    const tries = request.attempt;
    // What the call says from now on comes too late.
    const attempt = ++request.attempt;
    request.settled = false;
    request.deadlineMs = EXPIRED;
    this.context.userCode.node = this.context.chainIndex;
    if (fn.timeout === undefined) throw tookTooLong(timeoutMs, tries);
    const returned = fn.timeout(request.value, new RequestFuture(this, request, attempt));
    expectNoPromise(returned, 'timeout of an asynchronous function');
    this.settle(request, attempt, returned, false);
  }

  /** One watch for all that settles until it is told; the task's next step takes it. */
  #watch(): void {
    this.#watching = true;
    this.context.completions.watch(
      this.#arrival.wait(),
      () => {
        this.#watching = false;
        if (!this.#queue.isEmpty) this.#watch();
      },
      (error) => this.context.fail(error),
    );
  }

  #wakeNoLaterThan(dueMs: number, nowMs: number): void {
    if (dueMs >= this.#wakeMs || dueMs === EXPIRED) return;
    this.#wakeMs = dueMs;
    this.context.wakeAt(this.context.clock.wallMs() + (dueMs - nowMs));
  }
}

/** The deadline of a request that was given up: no retry follows. */
const EXPIRED = Number.NEGATIVE_INFINITY;

interface DelayedRequest {
  readonly request: AsyncRequest;
  readonly dueMs: number;
}

class RequestFuture implements ResultFuture<unknown> {
  readonly #operator: AsyncWaitOperator;
  readonly #request: AsyncRequest;
  readonly #attempt: number;

  constructor(operator: AsyncWaitOperator, request: AsyncRequest, attempt: number) {
    this.#operator = operator;
    this.#request = request;
    this.#attempt = attempt;
  }

  complete(results: readonly unknown[]): void {
    const failed = !Array.isArray(results);
    const outcome = failed ? new MillraceError('MR1001', 'complete takes an array of results.') : results;
    this.#operator.settle(this.#request, this.#attempt, outcome, failed);
  }

  completeExceptionally(error: unknown): void {
    this.#operator.settle(this.#request, this.#attempt, error, true);
  }
}

/** For functions that give a promise. */
const NO_FUTURE: ResultFuture<unknown> = {
  complete: () => {},
  completeExceptionally: () => {},
};

function listOf(results: AsyncResults<unknown>): readonly unknown[] {
  if (Array.isArray(results)) return results;
  return results === undefined ? [] : [results];
}

function notAPromise(returned: unknown): MillraceError {
  return new MillraceError(
    'MR1001',
    `An asynchronous function returned ${returned === undefined ? 'nothing' : typeof returned}.`,
    { hint: 'Return a promise of the results, or declare a second parameter and complete it.' },
  );
}

function tookTooLong(timeoutMs: number, tries: number): MillraceError {
  return new MillraceError(
    'MR5010',
    `A request had no result after ${timeoutMs} ms${tries > 1 ? ` and ${tries} tries` : ''}.`,
    { hint: 'Raise the timeout, or give the function object a `timeout` method that says what to do then.' },
  );
}

export function asyncWaitOperator(spec: AsyncWaitSpec): OperatorFactory {
  return {
    needsKeyedState: false,
    stored: [storedRequests(spec.inputType)],
    create: (context, output) => new AsyncWaitOperator(context, output as Output<unknown>, spec),
  };
}
