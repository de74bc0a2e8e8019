/**
 * Numbers of one operator of one subtask. Counting costs an addition; the numbers are read on the thread of the
 * task when somebody looks. Names are not empty, and have at most 255 characters and no control characters among
 * them; MR1001 otherwise, and where a name of the group stands for a metric of another kind.
 *
 * @example
 * ```ts
 * class Priced implements ProcessFunction<string, string> {
 *   #longest = 0;
 *   #lengths: MetricHistogram | undefined;
 *
 *   open(ctx: RuntimeContext): void {
 *     const group = ctx.getMetricGroup().addGroup('words');
 *     this.#lengths = group.histogram('lengths');
 *     group.gauge('longest', () => this.#longest);
 *   }
 *
 *   processElement(word: string, _ctx: ProcessContext, out: Collector<string>): void {
 *     this.#longest = Math.max(this.#longest, word.length);
 *     this.#lengths?.update(word.length);
 *     out.collect(word);
 *   }
 * }
 * ```
 */
export interface MetricGroup {
  /** The counter of that name; the same name gives the same counter. */
  counter(name: string): Counter;
  /** `read` is called when somebody looks, on the thread of the task; a later one of that name replaces it. */
  gauge(name: string, read: () => number): void;
  /** The meter of that name. Its rate is taken over the time between two looks. */
  meter(name: string): Meter;
  /** The histogram of that name. */
  histogram(name: string, options?: MetricHistogramOptions): MetricHistogram;
  /** A group below this one, whose metrics bear `<name>.` before theirs; the same name gives the same group. */
  addGroup(name: string): MetricGroup;
  /** The same for a variable, such as one partition of many: `<key>.<value>.` before, or a label. */
  addGroup(key: string, value: string): MetricGroup;
}

/**
 * A number that grows, of one operator of one subtask.
 *
 * @example
 * ```ts
 * const shortWords: Counter = ctx.counter('shortWords');
 * shortWords.inc();
 * ```
 */
export interface Counter {
  readonly value: number;
  add(count: number): void;
  /** By 1 where nothing is said. */
  inc(count?: number): void;
  dec(count?: number): void;
}

/** How often something happens: events are counted, whoever looks sees how many there were a second. */
export interface Meter {
  /** Events so far. */
  readonly count: number;
  /** `events`: 1 where nothing is said. */
  markEvent(events?: number): void;
}

/** How a histogram is kept. */
export interface MetricHistogramOptions {
  /** Statistics are those of so many values, the last ones; 1024 where nothing is said, at most 65,536. */
  readonly windowSize?: number;
}

/** The distribution of the last values it was given. */
export interface MetricHistogram {
  /** Values so far. */
  readonly count: number;
  update(value: number): void;
}
