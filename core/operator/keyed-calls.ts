// hot path: the keyed-count bench
import { NO_TIMESTAMP } from '../element/watermark.js';
import type { Triggerable } from '../state/internal-timer-service.js';
import type { Collector } from './collector.js';
import { ElementCollector } from './element-collector.js';
import type { TimeDomain } from './keyed-process-function.js';
import type { ChainedOperatorContext, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

/** What the context of a keyed function is told before each call. */
interface TimedContext {
  time: number;
  timeDomain: TimeDomain;
}

/** The part of a keyed function that hears of its timers. */
interface TimedFunction<C, R> {
  onTimer?(timestamp: number, ctx: C, out: Collector<R>): void;
}

/**
 * The calls of a keyed function: what they are given, and those that timers make. Results of an event-time
 * timer have its timestamp, those of a processing-time timer none.
 */
export class KeyedCalls<R, C extends TimedContext> implements Triggerable {
  readonly functionContext: C;
  readonly collector: ElementCollector<R>;
  readonly #fn: TimedFunction<C, R>;

  constructor(
    context: ChainedOperatorContext,
    output: Output<R>,
    fn: TimedFunction<NoInfer<C>, R>,
    functionContext: C,
  ) {
    this.functionContext = functionContext;
    this.collector = new ElementCollector(context, output);
    this.#fn = fn;
  }

  onEventTime(timestamp: number): void {
    this.#onTimer(timestamp, timestamp, 'event-time');
  }

  onProcessingTime(timestamp: number): void {
    this.#onTimer(timestamp, NO_TIMESTAMP, 'processing-time');
  }

  #onTimer(timestamp: number, resultTimestamp: number, domain: TimeDomain): void {
    const { functionContext, collector } = this;
    collector.begin(functionContext, timestamp);
    collector.timestamp = resultTimestamp;
    functionContext.timeDomain = domain;
    const returned: unknown = this.#fn.onTimer?.(timestamp, functionContext, collector);
    if (returned !== undefined) expectNoPromise(returned, 'onTimer of a process function');
  }
}
