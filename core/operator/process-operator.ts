import type { OutputTag } from '../api/output-tag.js';
import { MillraceError } from '../base/millrace-error.js';
import { NO_TIMESTAMP } from '../element/watermark.js';
import { OneInputOperator } from './abstract-stream-operator.js';
import { restoredWatermark, snapshotWatermark, WATERMARK_LIST } from './current-watermark.js';
import { ElementCollector } from './element-collector.js';
import type { ProcessContext, ProcessFunction } from './process-function.js';
import { OperatorRuntimeContext } from './runtime-context.js';
import type { ChainedOperatorContext, OperatorFactory, OperatorSnapshot, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';
import type { TimeService } from './timer-service.js';

/** Runs a {@link ProcessFunction}. Invariant: `watermark` never decreases. */
class ProcessOperator<T, R> extends OneInputOperator<T, R> implements TimeService {
  readonly #fn: ProcessFunction<T, R>;
  readonly #collector: ElementCollector<R>;
  readonly #functionContext: ElementContext;
  #watermark: number;

  constructor(context: ChainedOperatorContext, output: Output<R>, fn: ProcessFunction<T, R>) {
    super(context, output);
    this.#fn = fn;
    this.#collector = new ElementCollector(context, output);
    this.#functionContext = new ElementContext(context, output, this);
    this.#watermark = restoredWatermark(context);
  }

  override open(): void {
    this.context.userCode.node = this.context.chainIndex;
    expectNoPromise(this.#fn.open?.(this.#functionContext), 'open of a process function');
  }

  processElement(value: T, timestamp: number): void {
    this.#collector.timestamp = timestamp;
    this.#functionContext.time = timestamp;
    this.context.userCode.node = this.context.chainIndex;
    const returned: unknown = this.#fn.processElement(value, this.#functionContext, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement of a process function');
  }

  override processWatermark(timestamp: number): void {
    if (timestamp > this.#watermark) this.#watermark = timestamp;
    this.output.emitWatermark(timestamp);
  }

  override snapshotState(): OperatorSnapshot {
    return {
      keyed: undefined,
      lists: { [WATERMARK_LIST]: snapshotWatermark(this.context, this.#watermark) },
    };
  }

  override close(): void {
    this.context.userCode.node = this.context.chainIndex;
    this.#fn.close?.();
  }

  currentWatermark(): number {
    return this.#watermark;
  }

  currentProcessingTime(): number {
    return this.context.clock.wallMs();
  }
}

class ElementContext extends OperatorRuntimeContext implements ProcessContext {
  readonly timerService: TimeService;
  /** Set before each call of the function. */
  time: number;
  readonly #output: Output<unknown>;

  constructor(context: ChainedOperatorContext, output: Output<never>, timerService: TimeService) {
    super(context);
    this.timerService = timerService;
    this.time = NO_TIMESTAMP;
    this.#output = output;
  }

  get timestamp(): number | undefined {
    return this.time === NO_TIMESTAMP ? undefined : this.time;
  }

  output<X>(tag: OutputTag<X>, value: X): void {
    this.#output.sideOutput(tag, value, this.time);
  }

  /** Untyped code may ask all the same. */
  getState(): never {
    throw new MillraceError('MR2005', 'State was asked for on a stream that has no keys.', {
      hint: 'Call keyBy(...) before process(...).',
    });
  }
}

export function processOperator<T, R>(fn: ProcessFunction<T, R>): OperatorFactory {
  return {
    needsKeyedState: false,
    create: (context, output) => new ProcessOperator(context, output as Output<R>, fn),
  };
}
