import type {
  ChainedOperatorContext,
  Input,
  OperatorSnapshot,
  Output,
  StreamOperator,
} from './stream-operator.js';
import { EMPTY_SNAPSHOT } from './stream-operator.js';

/** An operator without state, waiting or buffered results; the others override what they need. */
export abstract class AbstractStreamOperator<OUT> implements StreamOperator {
  abstract readonly inputs: readonly Input<never>[];
  protected readonly context: ChainedOperatorContext;
  protected readonly output: Output<OUT>;

  constructor(context: ChainedOperatorContext, output: Output<OUT>) {
    this.context = context;
    this.output = output;
  }

  open(): void | Promise<void> {}

  inputEnded(_inputIndex: number): void {}

  endInput(): void | Promise<void> {}

  stop(): void {}

  prepareSnapshot(_checkpointId: number): void | Promise<void> {}

  snapshotState(_checkpointId: number): OperatorSnapshot {
    return EMPTY_SNAPSHOT;
  }

  notifyCheckpointComplete(_checkpointId: number): void {}

  notifyCheckpointAborted(_checkpointId: number): void {}

  onWake(_wallMs: number): void {}

  resume(): boolean {
    return true;
  }

  room(): number {
    return Number.POSITIVE_INFINITY;
  }

  close(): void | Promise<void> {}
}

/** An operator with one input, which hands watermarks and idleness on as they come. */
export abstract class OneInputOperator<IN, OUT> extends AbstractStreamOperator<OUT> implements Input<IN> {
  readonly inputs: readonly Input<never>[];

  constructor(context: ChainedOperatorContext, output: Output<OUT>) {
    super(context, output);
    this.inputs = [this];
  }

  abstract processElement(value: IN, timestamp: number): void;

  processWatermark(timestamp: number): void {
    this.output.emitWatermark(timestamp);
  }

  processIdle(): void {
    this.output.emitIdle();
  }

  processActive(): void {
    this.output.emitActive();
  }
}
