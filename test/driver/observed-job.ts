import {
  type BuiltJob,
  type ChainNode,
  type Input,
  isStateless,
  NO_TIMESTAMP,
  type OperatorSnapshot,
  type Output,
  type OutputTag,
} from '../../core/internal.js';
import {
  filterOperator,
  mapOperator,
  type StatelessOperatorFactory,
  StepKind,
} from '../../core/operator/stateless-operator.js';
import type { OperatorFactory, StreamOperator } from '../../core/operator/stream-operator.js';
import type { RecordCounts } from './record-counts.js';

/** Is told of everything that goes to a side output; `timestamp` is undefined where there is none. */
export type SideOutputListener = (tag: string, value: unknown, timestamp: number | undefined) => void;

/** Who looks at what goes through the operators of a pipeline. */
export interface JobObserver {
  readonly onSideOutput: SideOutputListener;
  /** Of the operator of that uid, in all its subtasks. */
  countsOf(uid: string): RecordCounts;
}

/** The same job, with somebody who looks at every input and output, side outputs that nobody consumes too. */
export function observedJob(job: BuiltJob, observer: JobObserver): BuiltJob {
  return {
    ...job,
    vertices: job.vertices.map((vertex) => ({
      ...vertex,
      nodes: vertex.nodes.map((node) => ({ ...node, operator: observed(node, observer) })),
    })),
  };
}

function observed({ uid, operator }: ChainNode, observer: JobObserver): ChainNode['operator'] {
  const counts = observer.countsOf(uid);
  const { onSideOutput } = observer;
  if (operator.kind === 'source') {
    const { factory } = operator;
    return {
      kind: 'source',
      factory: {
        ...factory,
        createReader: (context, output, requestSplit) =>
          factory.createReader(context, new ObservedOutput(output, counts, onSideOutput), requestSplit),
      },
    };
  }
  const { factory } = operator;
  // Neighbouring maps and filters must stay one operator.
  if (isStateless(factory)) return { kind: 'operator', factory: countedStep(factory, counts) };
  return { kind: 'operator', factory: observedFactory(factory, counts, onSideOutput) };
}

function countedStep({ step }: StatelessOperatorFactory, counts: RecordCounts): OperatorFactory {
  const isMap = step.kind === StepKind.MAP;
  const fn = (value: unknown): unknown => {
    counts.in++;
    const result = step.fn(value);
    if (isMap || result) counts.out++;
    return result;
  };
  return isMap ? mapOperator(fn) : filterOperator(fn as (value: unknown) => boolean);
}

function observedFactory(
  factory: OperatorFactory,
  counts: RecordCounts,
  onSideOutput: SideOutputListener,
): OperatorFactory {
  return {
    ...factory,
    create: (context, output) =>
      new ObservedOperator(factory.create(context, new ObservedOutput(output, counts, onSideOutput)), counts),
  };
}

/** The operator itself, but for its inputs. */
class ObservedOperator implements StreamOperator {
  readonly inputs: readonly Input<never>[];
  readonly #operator: StreamOperator;

  constructor(operator: StreamOperator, counts: RecordCounts) {
    this.#operator = operator;
    this.inputs = operator.inputs.map((input) => new ObservedInput(input, counts));
  }

  open(): void | Promise<void> {
    return this.#operator.open();
  }

  inputEnded(inputIndex: number): void {
    this.#operator.inputEnded(inputIndex);
  }

  endInput(): void | Promise<void> {
    return this.#operator.endInput();
  }

  stop(): boolean {
    return this.#operator.stop();
  }

  commitAtEnd(): void {
    this.#operator.commitAtEnd?.();
  }

  prepareSnapshot(checkpointId: number): void | Promise<void> {
    return this.#operator.prepareSnapshot(checkpointId);
  }

  prepareFullSnapshot(checkpointId: number): void {
    this.#operator.prepareFullSnapshot(checkpointId);
  }

  snapshotState(checkpointId: number): OperatorSnapshot {
    return this.#operator.snapshotState(checkpointId);
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#operator.notifyCheckpointComplete(checkpointId);
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#operator.notifyCheckpointAborted(checkpointId);
  }

  onWake(wallMs: number): void {
    this.#operator.onWake(wallMs);
  }

  resume(): boolean {
    return this.#operator.resume();
  }

  room(): number {
    return this.#operator.room();
  }

  close(): void | Promise<void> {
    return this.#operator.close();
  }
}

class ObservedInput implements Input<never> {
  readonly #input: Input<never>;
  readonly #counts: RecordCounts;

  constructor(input: Input<never>, counts: RecordCounts) {
    this.#input = input;
    this.#counts = counts;
  }

  processElement(value: never, timestamp: number): void {
    this.#counts.in++;
    this.#input.processElement(value, timestamp);
  }

  processWatermark(timestamp: number): void {
    this.#input.processWatermark(timestamp);
  }

  processIdle(): void {
    this.#input.processIdle();
  }

  processActive(): void {
    this.#input.processActive();
  }
}

class ObservedOutput implements Output<never> {
  readonly #output: Output<never>;
  readonly #counts: RecordCounts;
  readonly #onSideOutput: SideOutputListener;

  constructor(output: Output<never>, counts: RecordCounts, onSideOutput: SideOutputListener) {
    this.#output = output;
    this.#counts = counts;
    this.#onSideOutput = onSideOutput;
  }

  collect(value: never, timestamp: number): void {
    this.#counts.out++;
    this.#output.collect(value, timestamp);
  }

  emitWatermark(timestamp: number): void {
    this.#output.emitWatermark(timestamp);
  }

  emitIdle(): void {
    this.#output.emitIdle();
  }

  emitActive(): void {
    this.#output.emitActive();
  }

  sideOutput<X>(tag: OutputTag<X>, value: X, timestamp: number): void {
    this.#counts.out++;
    this.#onSideOutput(tag.id, value, timestamp === NO_TIMESTAMP ? undefined : timestamp);
    this.#output.sideOutput(tag, value, timestamp);
  }
}
