import type { RuntimeContext } from './runtime-context.js';

/**
 * What a request gives: one result, an array of any number of them, or nothing. A result that is itself an
 * array is given inside an array.
 */
export type AsyncResults<R> = R | readonly R[] | undefined;

/**
 * Asks something outside of the job for each record, and does not wait: the promise gives the results. Called
 * on the thread of the subtask, in the order of the records. A rejection fails the job, unless a retry
 * strategy wants another try; so does throwing.
 *
 * A function that declares the second parameter may instead complete it, from any callback; then a promise
 * that gives nothing says nothing.
 *
 * @example
 * ```ts
 * const nameOf: AsyncInvoke<Order, string> = (order) => lookUp(order.user);
 * ```
 */
export type AsyncInvoke<T, R> = (
  value: T,
  resultFuture: ResultFuture<R>,
) => PromiseLike<AsyncResults<R>> | undefined;

/**
 * An {@link AsyncInvoke} with a life cycle.
 *
 * @example
 * ```ts
 * class Ages implements RichAsyncFunction<string, number> {
 *   private client: Awaited<ReturnType<typeof connect>> | undefined;
 *   async open() {
 *     this.client = await connect();
 *   }
 *   async asyncInvoke(user: string) {
 *     return this.client?.get(user);
 *   }
 *   timeout() {
 *     return [];
 *   }
 *   close() {
 *     this.client?.end();
 *   }
 * }
 * ```
 */
export interface RichAsyncFunction<T, R> {
  /** Before the first record; the task waits for a returned promise. */
  open?(context: RuntimeContext): void | Promise<void>;
  asyncInvoke(value: T, resultFuture: ResultFuture<R>): PromiseLike<AsyncResults<R>> | undefined;
  /**
   * Gives results in the place of those that did not come in time, returned or by the future, but at once.
   * Without it, a request that takes too long fails the job.
   */
  timeout?(value: T, resultFuture: ResultFuture<R>): AsyncResults<R>;
  /** After a failure too. */
  close?(): void | Promise<void>;
}

/** A function, or an object with one and a life cycle. */
export type AsyncFunction<T, R> = AsyncInvoke<T, R> | RichAsyncFunction<T, R>;

/** Takes the results of one request, once: what comes after the first call, or too late, is ignored. */
export interface ResultFuture<R> {
  complete(results: readonly R[]): void;
  completeExceptionally(error: unknown): void;
}
