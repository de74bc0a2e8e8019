/** Numbers of one operator of one subtask. Reading them is for others; writing costs an addition. */
export interface MetricGroup {
  /** The counter of that name; the same name gives the same counter. */
  counter(name: string): Counter;
  /** `read` is called when somebody looks, on the thread of the task. */
  gauge(name: string, read: () => number): void;
}

/**
 * A number that grows, of one operator of one subtask.
 *
 * @example
 * ```ts
 * const shortWords: Counter = ctx.counter('shortWords');
 * shortWords.add(1);
 * ```
 */
export interface Counter {
  readonly value: number;
  add(count: number): void;
}
