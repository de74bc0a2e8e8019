import { OneInputOperator } from './abstract-stream-operator.js';
import { ElementCollector } from './element-collector.js';
import { ElementContext } from './element-context.js';
import { EventClock } from './event-clock.js';
import { FunctionLife } from './function-life.js';
import type { ProcessFunction } from './process-function.js';
import type { RuntimeContext } from './runtime-context.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

/** Runs a {@link ProcessFunction}. */
class ProcessOperator<T, R> extends OneInputOperator<T, R> {
  readonly #fn: ProcessFunction<T, R>;
  readonly #life: FunctionLife<RuntimeContext>;
  readonly #clock: EventClock;
  readonly #collector: ElementCollector<R>;
  readonly #functionContext: ElementContext;

  constructor(context: ChainedOperatorContext, output: Output<R>, fn: ProcessFunction<T, R>) {
    super(context, output);
    this.#fn = fn;
    this.#life = this.withPart(new FunctionLife(context, fn, 'a process function'));
    this.#clock = this.withPart(new EventClock(context));
    this.#collector = new ElementCollector(context, output);
    this.#functionContext = new ElementContext(context, output, this.#clock);
  }

  override open(): void {
    this.#life.open(this.#functionContext);
  }

  processElement(value: T, timestamp: number): void {
    this.#collector.begin(this.#functionContext, timestamp);
    const returned: unknown = this.#fn.processElement(value, this.#functionContext, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement of a process function');
  }

  override processWatermark(timestamp: number): void {
    this.#clock.advance(timestamp);
    this.output.emitWatermark(timestamp);
  }
}

export function processOperator<T, R>(fn: ProcessFunction<T, R>): OperatorFactory {
  return {
    needsKeyedState: false,
    create: (context, output) => new ProcessOperator(context, output as Output<R>, fn),
  };
}
