import { CombinedWatermark } from '../watermark/combined-watermark.js';
import { AbstractStreamOperator } from './abstract-stream-operator.js';
import type { ChainedOperatorContext, Input, Output } from './stream-operator.js';

const FIRST = 0;
const SECOND = 1;

/**
 * An operator with two inputs. Event time is the least watermark of the inputs that count: one that is idle
 * or has ended holds nothing back ({@link CombinedWatermark}).
 *
 * Invariant: `processWatermark` is called with strictly increasing timestamps, and not while idle.
 */
export abstract class TwoInputOperator<IN1, IN2, OUT> extends AbstractStreamOperator<OUT> {
  readonly inputs: readonly Input<never>[];

  constructor(context: ChainedOperatorContext, output: Output<OUT>) {
    super(context, output);
    const combined = new CombinedWatermark(2, {
      emitWatermark: (timestamp) => this.processWatermark(timestamp),
      emitIdle: () => this.processIdle(),
      emitActive: () => this.processActive(),
    });
    this.inputs = [new FirstInput<IN1>(this, combined, FIRST), new SecondInput<IN2>(this, combined, SECOND)];
  }

  abstract processElement1(value: IN1, timestamp: number): void;

  abstract processElement2(value: IN2, timestamp: number): void;

  /** The watermark of both inputs together. */
  protected processWatermark(timestamp: number): void {
    this.output.emitWatermark(timestamp);
  }

  protected processIdle(): void {
    this.output.emitIdle();
  }

  protected processActive(): void {
    this.output.emitActive();
  }
}

/** The part of an input that is time. */
class TimedInput {
  readonly #combined: CombinedWatermark;
  readonly #index: number;

  constructor(combined: CombinedWatermark, index: number) {
    this.#combined = combined;
    this.#index = index;
  }

  processWatermark(timestamp: number): void {
    this.#combined.inputWatermark(this.#index, timestamp);
  }

  processIdle(): void {
    this.#combined.inputIdle(this.#index);
  }

  processActive(): void {
    this.#combined.inputActive(this.#index);
  }
}

class FirstInput<IN> extends TimedInput implements Input<IN> {
  private readonly operator: Pick<TwoInputOperator<IN, never, unknown>, 'processElement1'>;

  constructor(
    operator: Pick<TwoInputOperator<IN, never, unknown>, 'processElement1'>,
    combined: CombinedWatermark,
    index: number,
  ) {
    super(combined, index);
    this.operator = operator;
  }

  processElement(value: IN, timestamp: number): void {
    this.operator.processElement1(value, timestamp);
  }
}

class SecondInput<IN> extends TimedInput implements Input<IN> {
  private readonly operator: Pick<TwoInputOperator<never, IN, unknown>, 'processElement2'>;

  constructor(
    operator: Pick<TwoInputOperator<never, IN, unknown>, 'processElement2'>,
    combined: CombinedWatermark,
    index: number,
  ) {
    super(combined, index);
    this.operator = operator;
  }

  processElement(value: IN, timestamp: number): void {
    this.operator.processElement2(value, timestamp);
  }
}
