import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import type { OperatorPart } from './operator-part.js';
import type {
  ChainedOperatorContext,
  Input,
  OperatorSnapshot,
  Output,
  StreamOperator,
} from './stream-operator.js';

/**
 * An operator without waiting or buffered results; the others override what they need. Its snapshot is that
 * of its keyed state, its accumulators and its parts.
 */
export abstract class AbstractStreamOperator<OUT> implements StreamOperator {
  abstract readonly inputs: readonly Input<never>[];
  protected readonly context: ChainedOperatorContext;
  protected readonly output: Output<OUT>;
  readonly #parts: OperatorPart[];

  constructor(context: ChainedOperatorContext, output: Output<OUT>) {
    this.context = context;
    this.output = output;
    this.#parts = [];
  }

  /** The part takes care of its own share of checkpoints from now on; called while the operator is made. */
  protected withPart<P extends OperatorPart>(part: P): P {
    this.#parts.push(part);
    return part;
  }

  open(): void | Promise<void> {}

  inputEnded(_inputIndex: number): void {}

  endInput(): void | Promise<void> {}

  stop(): boolean {
    return true;
  }

  prepareSnapshot(_checkpointId: number): void | Promise<void> {}

  prepareFullSnapshot(checkpointId: number): void {
    this.context.keyedState?.requestBase(checkpointId);
  }

  snapshotState(checkpointId: number): OperatorSnapshot {
    const { accumulators, keyedState } = this.context;
    const lists: Record<string, OperatorListHandle> = {};
    for (const part of this.#parts) Object.assign(lists, part.snapshotState?.(checkpointId));
    return {
      keyed: keyedState?.snapshot(checkpointId),
      lists: { ...lists, ...accumulators.snapshot() },
    };
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.context.keyedState?.notifyCheckpointComplete(checkpointId);
    for (const part of this.#parts) part.notifyCheckpointComplete?.(checkpointId);
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.context.keyedState?.notifyCheckpointAborted(checkpointId);
    for (const part of this.#parts) part.notifyCheckpointAborted?.(checkpointId);
  }

  onWake(_wallMs: number): void {}

  resume(): boolean {
    return true;
  }

  room(): number {
    return Number.POSITIVE_INFINITY;
  }

  close(): void | Promise<void> {
    for (const part of this.#parts) part.close?.();
  }
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
