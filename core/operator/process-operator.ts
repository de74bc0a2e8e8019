import { OneInputOperator } from './abstract-stream-operator.js';
import { ElementCollector } from './element-collector.js';
import { ElementContext } from './element-context.js';
import { EventClock } from './event-clock.js';
import { FunctionLife } from './function-life.js';
import type { ProcessFunction } from './process-function.js';
import type { RuntimeContext } from './runtime-context.js';
import type { ChainedOperatorContext, OperatorFactory, OperatorSnapshot, Output } from './stream-operator.js';
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
    this.#life = new FunctionLife(context, fn, 'a process function');
    this.#clock = new EventClock(context);
    this.#collector = new ElementCollector(context, output);
    this.#functionContext = new ElementContext(context, output, this.#clock);
  }

  override open(): void {
    this.#life.open(this.#functionContext);
  }

  processElement(value: T, timestamp: number): void {
    this.#collector.timestamp = timestamp;
    this.#functionContext.time = timestamp;
    this.context.userCode.node = this.context.chainIndex;
    const returned: unknown = this.#fn.processElement(value, this.#functionContext, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement of a process function');
  }

  override processWatermark(timestamp: number): void {
    this.#clock.advance(timestamp);
    this.output.emitWatermark(timestamp);
  }

  override snapshotState(checkpointId: number): OperatorSnapshot {
    const lists = { ...this.#life.snapshotState(checkpointId), ...this.#clock.snapshot() };
    return { keyed: undefined, lists };
  }

  override notifyCheckpointComplete(checkpointId: number): void {
    this.#life.notifyCheckpointComplete(checkpointId);
  }

  override notifyCheckpointAborted(checkpointId: number): void {
    this.#life.notifyCheckpointAborted(checkpointId);
  }

  override close(): void {
    this.#life.close();
  }
}

export function processOperator<T, R>(fn: ProcessFunction<T, R>): OperatorFactory {
  return {
    needsKeyedState: false,
    create: (context, output) => new ProcessOperator(context, output as Output<R>, fn),
  };
}
