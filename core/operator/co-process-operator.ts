import type { CoProcessFunction } from './co-process-function.js';
import { ElementCollector } from './element-collector.js';
import { ElementContext } from './element-context.js';
import { EventClock } from './event-clock.js';
import { FunctionLife } from './function-life.js';
import type { RuntimeContext } from './runtime-context.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';
import { TwoInputOperator } from './two-input-operator.js';

/** Runs a {@link CoProcessFunction}. */
class CoProcessOperator<A, B, R> extends TwoInputOperator<A, B, R> {
  readonly #fn: CoProcessFunction<A, B, R>;
  readonly #life: FunctionLife<RuntimeContext>;
  readonly #clock: EventClock;
  readonly #collector: ElementCollector<R>;
  readonly #functionContext: ElementContext;

  constructor(context: ChainedOperatorContext, output: Output<R>, fn: CoProcessFunction<A, B, R>) {
    super(context, output);
    this.#fn = fn;
    this.#life = this.withPart(new FunctionLife(context, fn, 'a co-process function'));
    this.#clock = this.withPart(new EventClock(context));
    this.#collector = new ElementCollector(context, output);
    this.#functionContext = new ElementContext(context, output, this.#clock);
  }

  override open(): void {
    this.#life.open(this.#functionContext);
  }

  processElement1(value: A, timestamp: number): void {
    this.#collector.begin(this.#functionContext, timestamp);
    const returned: unknown = this.#fn.processElement1(value, this.#functionContext, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement1 of a co-process function');
  }

  processElement2(value: B, timestamp: number): void {
    this.#collector.begin(this.#functionContext, timestamp);
    const returned: unknown = this.#fn.processElement2(value, this.#functionContext, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement2 of a co-process function');
  }

  protected override processWatermark(timestamp: number): void {
    this.#clock.advance(timestamp);
    this.output.emitWatermark(timestamp);
  }
}

export function coProcessOperator<A, B, R>(fn: CoProcessFunction<A, B, R>): OperatorFactory {
  return {
    needsKeyedState: false,
    create: (context, output) => new CoProcessOperator(context, output as Output<R>, fn),
  };
}
