import type { JobParameters } from '../api/job-parameters.js';
import type { Logger } from '../ports/logger.js';
import type { Counter, MetricGroup } from '../ports/metrics.js';
import {
  type Accumulator,
  type Accumulators,
  DoubleCounter,
  Histogram,
  IntCounter,
  LongCounter,
} from './accumulator.js';
import type { DistributedCache } from './distributed-cache.js';
import type { ChainedOperatorContext } from './stream-operator.js';

/**
 * What a user function may know of where it runs.
 *
 * @example
 * ```ts
 * const longWords = words.process<string>({
 *   open(ctx) {
 *     console.log(`${ctx.operatorName}, subtask ${ctx.subtaskIndex} of ${ctx.parallelism}`);
 *   },
 *   processElement(word, ctx, out) {
 *     if (word.length > 8) out.collect(word);
 *     else ctx.counter('shortWords').add(1);
 *   },
 * });
 * ```
 */
export interface RuntimeContext {
  readonly jobName: string;
  readonly operatorName: string;
  readonly uid: string;
  /** In [0, parallelism). */
  readonly subtaskIndex: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Number of the run of this task: 1 at first, one more after each restart. */
  readonly attempt: number;
  /** What the job set by `env.setGlobalJobParameters`, or else the parameters it was started with. */
  getGlobalJobParameters(): JobParameters;
  /** The files that the job registered by `env.registerCachedFile`. */
  getDistributedCache(): DistributedCache;
  /** The job's own counter of that name, shown beside the engine's. */
  counter(name: string): Counter;
  /** The job's log. */
  readonly logger: Logger;
  /** The metrics of this operator in this subtask. */
  getMetricGroup(): MetricGroup;
  /**
   * Has the engine collect an accumulator, and restore what it held; called in `open`.
   *
   * @throws MillraceError MR1001 if this operator has another one of that name
   */
  addAccumulator<V>(name: string, accumulator: Accumulator<V>): void;
  /** The accumulator that was added under the name. */
  getAccumulator<V>(name: string): Accumulator<V> | undefined;
  /**
   * The accumulator of that name and kind, added where there is none yet.
   *
   * @throws MillraceError MR1001 if it is of another kind; so do the others
   */
  getIntCounter(name: string): IntCounter;
  getLongCounter(name: string): LongCounter;
  getDoubleCounter(name: string): DoubleCounter;
  getHistogram(name: string): Histogram;
}

/** {@link RuntimeContext} of one operator of one subtask. */
export class OperatorRuntimeContext implements RuntimeContext {
  readonly jobName: string;
  readonly operatorName: string;
  readonly uid: string;
  readonly subtaskIndex: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly attempt: number;
  readonly logger: Logger;
  readonly #parameters: JobParameters;
  readonly #cache: DistributedCache;
  readonly #metrics: MetricGroup;
  readonly #accumulators: Accumulators;

  constructor(context: ChainedOperatorContext) {
    this.#accumulators = context.accumulators;
    this.jobName = context.jobName;
    this.operatorName = context.operatorName;
    this.uid = context.uid;
    this.subtaskIndex = context.subtaskIndex;
    this.parallelism = context.parallelism;
    this.maxParallelism = context.maxParallelism;
    this.attempt = context.attempt;
    this.logger = context.logger;
    this.#parameters = context.globalJobParameters;
    this.#cache = context.distributedCache;
    this.#metrics = context.metrics;
  }

  getGlobalJobParameters(): JobParameters {
    return this.#parameters;
  }

  getDistributedCache(): DistributedCache {
    return this.#cache;
  }

  counter(name: string): Counter {
    return this.#metrics.counter(name);
  }

  getMetricGroup(): MetricGroup {
    return this.#metrics;
  }

  addAccumulator<V>(name: string, accumulator: Accumulator<V>): void {
    this.#accumulators.add(name, accumulator);
  }

  getAccumulator<V>(name: string): Accumulator<V> | undefined {
    return this.#accumulators.get(name) as Accumulator<V> | undefined;
  }

  getIntCounter(name: string): IntCounter {
    return this.#accumulators.demand(name, IntCounter);
  }

  getLongCounter(name: string): LongCounter {
    return this.#accumulators.demand(name, LongCounter);
  }

  getDoubleCounter(name: string): DoubleCounter {
    return this.#accumulators.demand(name, DoubleCounter);
  }

  getHistogram(name: string): Histogram {
    return this.#accumulators.demand(name, Histogram);
  }
}
