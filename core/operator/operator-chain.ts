import { invariant } from '../base/invariant.js';
import { Watermark } from '../element/watermark.js';
import type { ExecutableEdge, ExecutableVertex } from '../graph/job-graph.js';
import type { AccumulatorsByUid, AccumulatorValues } from '../job/accumulator-totals.js';
import type { HeldBackBy, OperatorEventTime } from '../protocol/event-time-report.js';
import { Accumulators } from './accumulator.js';
import { NOBODY } from './call-check.js';
import { ChainAssembly } from './chain-assembly.js';
import { ChainCounts } from './chain-counts.js';
import type {
  SourceCoordinator,
  SourceReaderHost,
  SourceStreamOperator,
  SplitAssignments,
} from './source-stream-operator.js';
import type {
  ChainedOperatorContext,
  Input,
  OperatorContext,
  OperatorSnapshot,
  Output,
  StreamOperator,
  UserCodePosition,
} from './stream-operator.js';
import { WatermarkTrace } from './watermark-trace.js';

/** What a chain needs of its task. */
export interface ChainHost extends SourceReaderHost {
  /** A plain object (it is copied); asked once for each operator. */
  contextOf(node: number): OperatorContext;
  /** Where records of an edge leave the chain; its `sideOutput` is never called. */
  edgeOutput(edge: ExecutableEdge): Output<unknown>;
}

/**
 * The operators of one vertex in one subtask, connected: each operator's output calls the next one's input.
 *
 * Invariants:
 * - `operators[i]` runs node i of the vertex; neighbouring maps and filters share one object, which has no
 *   state and nothing to open, end or close;
 * - operators open from the tails to the head, and end and close from the head to the tails, so that who
 *   sends always has somebody who takes;
 * - on the thread of the task only.
 */
export class OperatorChain {
  readonly operators: readonly StreamOperator[];
  /** The head, if it is a source. */
  readonly source: SourceStreamOperator | undefined;
  readonly counts: ChainCounts;
  readonly #vertex: ExecutableVertex;
  readonly #contexts: readonly ChainedOperatorContext[];
  readonly #userCode: UserCodePosition;
  /** By node: what it sent last. Of a run of maps and filters the last one stands for all. */
  readonly #traces: readonly WatermarkTrace[];
  /** Operators that have been told the end of the input, from the head on. */
  #ended: number;
  #hasEnded: boolean;
  #isClosed: boolean;

  constructor(vertex: ExecutableVertex, host: ChainHost) {
    const userCode: UserCodePosition = { node: NOBODY };
    this.#vertex = vertex;
    this.#userCode = userCode;
    this.#ended = 0;
    this.#hasEnded = false;
    this.#isClosed = false;
    this.#contexts = vertex.nodes.map((_, chainIndex) => {
      const context = host.contextOf(chainIndex);
      return { ...context, chainIndex, accumulators: new Accumulators(context), userCode };
    });
    this.#traces = this.#contexts.map(({ clock }) => new WatermarkTrace(clock));
    const assembly = new ChainAssembly(vertex.nodes, this.#contexts, this.#traces, host);
    this.operators = assembly.operators;
    this.source = assembly.source;
    this.counts = new ChainCounts(assembly.operators, assembly.counters);
  }

  /** Inputs of the head, by input index; none if it is a source. */
  get headInputs(): readonly Input<never>[] {
    return at(this.operators, 0).inputs;
  }

  /** The coordinator of the source at the head. Its calls happen on this thread, between steps. */
  createCoordinator(assignments: SplitAssignments): SourceCoordinator {
    const { operator } = at(this.#vertex.nodes, 0);
    invariant(operator.kind === 'source', 'only a source has a coordinator');
    return operator.factory.createCoordinator(at(this.#contexts, 0), assignments);
  }

  async open(): Promise<void> {
    const tailsFirst = this.#distinct().reverse();
    await this.#inTurn(tailsFirst, (operator) => operator.open());
  }

  /** One input of the head has ended. */
  inputEnded(inputIndex: number): void {
    this.#userCode.node = 0;
    at(this.operators, 0).inputEnded(inputIndex);
  }

  /**
   * Every input has ended: ends the operators from the head on, each once the one before has nothing left.
   * Undefined when no promise has to be waited for. To be called again, after {@link resume} and with
   * {@link room}, until {@link hasEnded}.
   */
  endInput(): Promise<void> | undefined {
    const operators = this.#distinct();
    while (this.#ended < operators.length) {
      const operator = at(operators, this.#ended++);
      const waiting = this.#call(operator, (each) => each.endInput());
      if (waiting !== undefined) return waiting;
      if (!operator.resume() || operator.room() <= 0) return undefined;
    }
    this.#hasEnded = true;
    return undefined;
  }

  /** No element, snapshot or end follows. Asked until it is true: what is complete is committed. */
  stop(): boolean {
    return this.#distinct().every((operator) => this.#tell(operator, () => operator.stop()));
  }

  /** All operators have been told the end of the input, and none has anything left. */
  /** Or is about to be: nothing new begins. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Of a batch, after {@link hasEnded}; what it begins is done when {@link resume} says so. */
  commitAtEnd(): void {
    for (const operator of this.#distinct()) this.#tell(operator, () => operator.commitAtEnd?.());
  }

  prepareSnapshot(checkpointId: number): Promise<void> | undefined {
    return this.#inTurn(this.#distinct(), (operator) => operator.prepareSnapshot(checkpointId));
  }

  prepareFullSnapshot(checkpointId: number): void {
    for (const operator of this.#distinct())
      this.#tell(operator, () => operator.prepareFullSnapshot(checkpointId));
  }

  /** By node. */
  snapshotState(checkpointId: number): OperatorSnapshot[] {
    return this.operators.map((operator) => this.#tell(operator, () => operator.snapshotState(checkpointId)));
  }

  notifyCheckpointComplete(checkpointId: number): void {
    for (const operator of this.#distinct())
      this.#tell(operator, () => operator.notifyCheckpointComplete(checkpointId));
  }

  notifyCheckpointAborted(checkpointId: number): void {
    for (const operator of this.#distinct())
      this.#tell(operator, () => operator.notifyCheckpointAborted(checkpointId));
  }

  /** Goes on with what operators had to leave. True when nothing is left; the task takes no input before. */
  resume(): boolean {
    const operators = this.operators;
    for (let i = 0; i < operators.length; i++) {
      if (operators[i]?.resume() === false) return false;
    }
    return true;
  }

  /** How many records the chain takes now: what one of them becomes may be more. Asked after {@link resume}. */
  room(): number {
    const operators = this.operators;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < operators.length; i++) {
      const room = operators[i]?.room() ?? least;
      if (room < least) least = room;
    }
    return least;
  }

  /** Closes all, whatever some of them throw; rejects with the first of the errors. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const failures: unknown[] = [];
    for (const operator of this.#distinct()) {
      try {
        await operator.close();
      } catch (error) {
        failures.push(this.locate(error));
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** What the accumulators of those operators hold that have any. */
  accumulators(): AccumulatorsByUid {
    const byUid: Record<string, AccumulatorValues> = {};
    for (const { uid, accumulators } of this.#contexts) {
      const values = accumulators.values();
      if (Object.keys(values).length > 0) byUid[uid] = values;
    }
    return byUid;
  }

  /** A step is over: until the next one, no code of any operator may hand on anything. */
  leave(): void {
    this.#userCode.node = NOBODY;
  }

  /** What to report when a step of the chain threw `error`: it names the operator whose code ran last. */
  locate(error: unknown): Error {
    return at(this.#contexts, Math.max(0, this.#userCode.node)).userError(error);
  }

  /**
   * Where each operator is in event time, and what in this chain holds it back. `head`: of the first operator,
   * what its inputs or the source say.
   */
  eventTime(
    head: Pick<OperatorEventTime, 'watermark' | 'sinceMs' | 'idle' | 'heldBackBy'>,
  ): OperatorEventTime[] {
    const found: OperatorEventTime[] = [];
    for (const [index, { uid, name }] of this.#vertex.nodes.entries()) {
      const producer = this.#vertex.nodes.findIndex(({ outputs }) =>
        outputs.some((output) => output.kind === 'chained' && output.node === index),
      );
      if (producer < 0) {
        found.push({ uid, name, ...head });
        continue;
      }
      const before = at(found, producer);
      const shared = this.operators[producer] === this.operators[index];
      const { watermark, sinceMs, idle } = shared ? before : at(this.#traces, producer);
      const over = watermark === Watermark.MAX || idle;
      const heldBackBy: HeldBackBy[] = over ? [] : [{ kind: 'operator', uid: before.uid, name: before.name }];
      found.push({ uid, name, watermark, sinceMs, idle, heldBackBy });
    }
    return found;
  }

  /** What the head has sent, for a source; the last of a run that shares one operator speaks for it. */
  get headTrace(): WatermarkTrace {
    return at(this.#traces, 0);
  }

  /** What the operator of a node has sent last; the last one of a run that shares one operator speaks for it. */
  outputWatermark(node: number): number {
    let last = node;
    while (this.operators[last + 1] === this.operators[node]) last++;
    return at(this.#traces, last).watermark;
  }

  #distinct(): StreamOperator[] {
    return [...new Set(this.operators)];
  }

  /** Calls one after another, waiting only where there is something to wait for. */
  #inTurn(operators: readonly StreamOperator[], step: LifecycleStep): Promise<void> | undefined {
    for (const [index, operator] of operators.entries()) {
      const waiting = this.#call(operator, step);
      if (waiting !== undefined) return this.#goOn(waiting, operators.slice(index + 1), step);
    }
    return undefined;
  }

  async #goOn(
    waiting: Promise<void>,
    operators: readonly StreamOperator[],
    step: LifecycleStep,
  ): Promise<void> {
    await waiting;
    for (const operator of operators) {
      if (this.#isClosed) return;
      await this.#call(operator, step);
    }
  }

  /** Calls what hands on nothing; what it throws is told of this operator, whoever has run last. */
  #tell<T>(operator: StreamOperator, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw at(this.#contexts, this.operators.indexOf(operator)).userError(error);
    }
  }

  #call(operator: StreamOperator, step: LifecycleStep): Promise<void> | undefined {
    const node = this.operators.indexOf(operator);
    this.#userCode.node = node;
    try {
      return step(operator)?.catch((error: unknown) => {
        throw at(this.#contexts, node).userError(error);
      });
    } catch (error) {
      throw this.locate(error);
    }
  }
}

type LifecycleStep = (operator: StreamOperator) => Promise<void> | void;

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  invariant(item !== undefined, 'the index is within the chain', { index, length: items.length });
  return item;
}
