import { WatermarkValve } from '../watermark/watermark-valve.js';
import { AbstractStreamOperator } from './abstract-stream-operator.js';
import type { ChainedOperatorContext, Input, Output } from './stream-operator.js';

const FIRST = 0;
const SECOND = 1;

/**
 * An operator with two inputs. Event time is the least watermark of the inputs that count: one that is idle
 * or has ended holds nothing back, as with the channels of one input ({@link WatermarkValve}).
 *
 * Invariant: `processWatermark` is called with strictly increasing timestamps, and not while idle.
 */
export abstract class TwoInputOperator<IN1, IN2, OUT> extends AbstractStreamOperator<OUT> {
  readonly inputs: readonly Input<never>[];

  constructor(context: ChainedOperatorContext, output: Output<OUT>) {
    super(context, output);
    const valve = new WatermarkValve(2, {
      emitWatermark: (timestamp) => this.processWatermark(timestamp),
      emitIdle: () => this.processIdle(),
      emitActive: () => this.processActive(),
    });
    this.inputs = [new FirstInput<IN1>(this, valve, FIRST), new SecondInput<IN2>(this, valve, SECOND)];
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
class ValveInput {
  readonly #valve: WatermarkValve;
  readonly #index: number;

  constructor(valve: WatermarkValve, index: number) {
    this.#valve = valve;
    this.#index = index;
  }

  processWatermark(timestamp: number): void {
    this.#valve.inputWatermark(this.#index, timestamp);
  }

  processIdle(): void {
    this.#valve.inputIdle(this.#index);
  }

  processActive(): void {
    this.#valve.inputActive(this.#index);
  }
}

class FirstInput<IN> extends ValveInput implements Input<IN> {
  private readonly operator: Pick<TwoInputOperator<IN, never, unknown>, 'processElement1'>;

  constructor(
    operator: Pick<TwoInputOperator<IN, never, unknown>, 'processElement1'>,
    valve: WatermarkValve,
    index: number,
  ) {
    super(valve, index);
    this.operator = operator;
  }

  processElement(value: IN, timestamp: number): void {
    this.operator.processElement1(value, timestamp);
  }
}

class SecondInput<IN> extends ValveInput implements Input<IN> {
  private readonly operator: Pick<TwoInputOperator<never, IN, unknown>, 'processElement2'>;

  constructor(
    operator: Pick<TwoInputOperator<never, IN, unknown>, 'processElement2'>,
    valve: WatermarkValve,
    index: number,
  ) {
    super(valve, index);
    this.operator = operator;
  }

  processElement(value: IN, timestamp: number): void {
    this.operator.processElement2(value, timestamp);
  }
}
