import {
  type BarrierAligner,
  type ExecutableEdge,
  type HeldBackBy,
  invariant,
  type LatencyMarker,
  MillraceError,
  OperatorChain,
  type OperatorEventTime,
  type SourceStreamOperator,
  type TaskMessage,
  TaskMetrics,
  type TaskReport,
  unreachable,
  WatermarkTrace,
} from '../../core/internal.js';
import { assembleGate } from './gate-assembly.js';
import { readInFlight } from './in-flight-replay.js';
import type { GateListener, InputGate } from './input-gate.js';
import { LatencyMarkers } from './latency-markers.js';
import { measureOperators } from './operator-measures.js';
import { OutputRoom, type ResultPartition, resultPartition, TaskOutputs } from './result-partition.js';
import { assembleEnumerator, assembleSourceInput } from './source-assembly.js';
import type { EnumeratorHost, SourceInput } from './source-input.js';
import type { FrozenOperator } from './task-checkpointer.js';
import { TaskContexts } from './task-contexts.js';
import { snapshotOwner, type TaskEnvironment } from './task-environment.js';
import type { TaskInput } from './task-input.js';

export interface AssemblyListener extends Omit<GateListener, 'onLatencyMarker'> {
  /** Something asynchronous of the task has failed. */
  onFailure(error: unknown): void;
}

/** Mail that the parts answer by themselves. */
type PartsMessage = Extract<
  TaskMessage,
  {
    type:
      | 'split-requested'
      | 'reader-ended'
      | 'snapshot-enumerator'
      | 'watermark-aligned'
      | 'drain'
      | 'resume'
      | 'explain'
      | 'commit';
  }
>;

/**
 * The parts of one task, put together: outputs, operators, and the source or the gate that feeds them.
 *
 * Invariants: chain and input exist from the end of {@link open} on; the state stores are closed last.
 */
export class TaskAssembly {
  readonly room = new OutputRoom();
  readonly outputs: TaskOutputs;
  readonly contexts: TaskContexts;
  readonly metrics = new TaskMetrics();
  readonly #environment: TaskEnvironment;
  readonly #aligner: BarrierAligner;
  readonly #listener: AssemblyListener;
  readonly #partitions = new Map<number, ResultPartition>();
  /** Of the least of the inputs' watermarks. */
  readonly #inputTrace: WatermarkTrace;
  #chain: OperatorChain | undefined;
  #gate: InputGate | undefined;
  #input: TaskInput | undefined;
  #source: SourceInput | undefined;
  #enumerator: EnumeratorHost | undefined;
  #markers: LatencyMarkers | undefined;
  #commits = false;

  constructor(environment: TaskEnvironment, aligner: BarrierAligner, listener: AssemblyListener) {
    this.#environment = environment;
    this.#aligner = aligner;
    this.#listener = listener;
    this.#inputTrace = new WatermarkTrace(environment.clock);
    for (const output of environment.outputs) {
      const edge = executableEdge(environment, output.edgeId);
      const partitioner = edge.createPartitioner(output.channels.length, environment.address.subtask);
      const bufferTimeoutMs = edge.bufferTimeoutMs ?? environment.settings.bufferTimeoutMs;
      const partition = resultPartition(output.channels, partitioner, this.room, bufferTimeoutMs);
      this.#partitions.set(output.edgeId, partition);
    }
    this.outputs = new TaskOutputs([...this.#partitions.values()], this.room);
    this.contexts = new TaskContexts(environment, {
      room: this.room,
      metricsOf: (node) => this.metrics.groupOf(node.uid),
      fail: (error) => listener.onFailure(error),
    });
  }

  /** Number of inputs that must end before the task does; a source counts as one. */
  get inputCount(): number {
    const inputs = new Set(this.#environment.inputs.map(({ jobEdge }) => jobEdge.inputIndex));
    return Math.max(1, inputs.size);
  }

  /** When an operator or the source wants to be called, monotonic. */
  get nextWakeMs(): number {
    return Math.min(this.contexts.nextWakeMs, this.#nextMarkerMs);
  }

  /** Sends what is to measure the ways behind a source, if it is time; `nowMs` is monotonic. */
  emitMarkers(nowMs: number): void {
    if (this.#nextMarkerMs <= nowMs) this.#markers?.emit(nowMs);
  }

  get #nextMarkerMs(): number {
    return this.#markers !== undefined && this.#source?.isOpen === true
      ? this.#markers.nextMs
      : Number.POSITIVE_INFINITY;
  }

  /** Of a batch: it was told to commit. */
  get commits(): boolean {
    return this.#commits;
  }

  /** What runs in the operators next is another step. */
  leaveChain(): void {
    this.#chain?.leave();
  }

  chain(): OperatorChain {
    invariant(this.#chain !== undefined, 'the chain exists once the task is open');
    return this.#chain;
  }

  input(): TaskInput {
    invariant(this.#input !== undefined, 'the input exists once the task is open');
    return this.#input;
  }

  /** Present on subtask 0 of a source. */
  enumerator(): EnumeratorHost | undefined {
    return this.#enumerator;
  }

  /** Records taken from channels; of a source, records sent. */
  records(): number {
    return this.#gate?.recordsIn ?? this.#chain?.counts.out(0, 0) ?? 0;
  }

  /** Records written to edges. */
  recordsOut(): number {
    return this.#chain?.counts.leaving() ?? 0;
  }

  watermark(): number {
    return this.#gate?.watermark ?? this.room.watermark;
  }

  sourceInput(): SourceInput {
    invariant(this.#source !== undefined, 'only a source task gets splits');
    return this.#source;
  }

  /** A source knows of its checkpoints by mail alone. */
  lookAhead(): void {
    this.#gate?.lookAhead();
  }

  /** What a checkpoint held of the channels has not all been delivered. */
  get isReplaying(): boolean {
    return this.#gate?.isReplaying === true;
  }

  /** All channels are on their way to their ends. */
  get isEnding(): boolean {
    return this.#gate?.isEnding === true;
  }

  /** The last barrier, or word of it, that has begun a checkpoint. */
  get lastBarrierMs(): number {
    return this.#gate?.lastBarrierMs ?? 0;
  }

  /** Of the gate's channels, by number. */
  get bytesRead(): number {
    return this.#gate?.bytesRead ?? 0;
  }

  get readers(): InputGate['readers'] {
    return this.#gate?.readers ?? [];
  }

  hasDataEnded(channel: number): boolean {
    return this.#gate?.hasDataEnded(channel) === true;
  }

  /** A checkpoint for which no barrier will come. */
  onTriggered(checkpointId: number, timestamp: number): void {
    this.#gate?.onTriggered(checkpointId, timestamp);
  }

  /** What follows the snapshot of this checkpoint is not taken; a task that is no source goes by its channels. */
  suspendAfter(checkpointId: number): void {
    this.#source?.suspendAfter(checkpointId);
  }

  /** The snapshot has been taken. */
  suspend(checkpointId: number): void {
    this.#source?.suspend(checkpointId);
  }

  /** The checkpoint has come to nothing. */
  resume(checkpointId: number): void {
    this.#source?.resume(checkpointId);
  }

  async open(): Promise<void> {
    if (!(await this.contexts.open())) return;
    const environment = this.#environment;
    const chain = new OperatorChain(environment.vertex, {
      contextOf: (index) => this.contexts.contextOf(index),
      edgeOutput: (edge) => {
        const partition = this.#partitions.get(edge.id);
        invariant(partition !== undefined, 'every output edge has a partition', { edge: edge.id });
        return partition;
      },
      requestSplit: () => environment.report({ type: 'split-requested' }),
      reportWatermark: (group, watermark) =>
        environment.report({ type: 'watermark-reported', group, watermark }),
    });
    this.#chain = chain;
    await chain.open();
    await this.contexts.restore();
    if (chain.isClosed) return;
    const { latency } = environment.settings;
    if (latency !== undefined)
      this.#markers = new LatencyMarkers(environment, latency, this.metrics, this.#partitions);
    if (chain.source === undefined) await this.#openGate(chain);
    else await this.#openSource(chain, chain.source);
    measureOperators(this.metrics, environment.vertex.nodes, chain, {
      records: () => this.records(),
      eventTime: () => this.#eventTime(),
    });
  }

  /** After the task has reported that it runs. */
  startInput(): void {
    this.#gate?.start();
  }

  endInput(): Promise<void> | undefined {
    return this.chain().endInput();
  }

  /** How the task says that it has ended; one that has finished tells what it has accumulated. */
  finished(): Extract<TaskReport, { type: 'finished' }> {
    const accumulators = this.chain().accumulators();
    return Object.keys(accumulators).length > 0 ? { type: 'finished', accumulators } : { type: 'finished' };
  }

  /** Tells what has been counted so far, if anything has. */
  reportCounters(): void {
    const values = this.metrics.counters();
    if (Object.keys(values).length > 0) this.#environment.report({ type: 'counters', values });
  }

  freeze(checkpointId: number): readonly FrozenOperator[] {
    this.reportCounters();
    const subtask = this.#environment.address.subtask;
    return this.chain()
      .snapshotState(checkpointId)
      .map((snapshot, index) => {
        const node = this.#environment.vertex.nodes[index];
        invariant(node !== undefined, 'a snapshot for every operator', { index });
        return { node, owner: snapshotOwner(node, subtask), snapshot };
      });
  }

  /** Mail that concerns the source or the operators alone, at any time between two steps. */
  handle(message: PartsMessage): void {
    switch (message.type) {
      case 'split-requested':
        this.#enumeratorHost().coordinator.handleSplitRequest(message.subtask);
        return;
      case 'reader-ended':
        this.#enumeratorHost().noteReaderDone(message.subtask);
        return;
      case 'snapshot-enumerator':
        this.#environment.report({
          type: 'enumerator-snapshot',
          checkpointId: message.checkpointId,
          state: this.#enumeratorHost().coordinator.snapshotState(message.checkpointId),
        });
        return;
      case 'watermark-aligned':
        this.sourceInput().alignTo(message.watermark);
        return;
      case 'drain':
        this.sourceInput().drain();
        return;
      case 'resume':
        this.#source?.resume(undefined);
        return;
      case 'commit':
        this.#commits = true;
        this.chain().commitAtEnd();
        return;
      case 'explain':
        this.#environment.report({
          type: 'explained',
          requestId: message.requestId,
          operators: this.#eventTime(),
        });
        return;
      default:
        unreachable(message);
    }
  }

  #enumeratorHost(): EnumeratorHost {
    invariant(this.#enumerator !== undefined, 'only subtask 0 of a source is asked about splits');
    return this.#enumerator;
  }

  /** Where the operators are in event time, and why not further. */
  #eventTime(): OperatorEventTime[] {
    const { source, headTrace } = this.chain();
    const gate = this.#gate;
    const head =
      gate === undefined
        ? { ...reading(headTrace), heldBackBy: source?.heldBackBy() ?? [] }
        : { ...reading(this.#inputTrace), idle: gate.isIdle, heldBackBy: this.#heldBackBy(gate) };
    return this.chain().eventTime(head);
  }

  #heldBackBy(gate: InputGate): HeldBackBy[] {
    const ends = this.#environment.inputs.flatMap(({ jobEdge, channels }) =>
      channels.map((_, subtask): HeldBackBy => ({ kind: 'channel', edgeId: jobEdge.id, subtask })),
    );
    return gate.heldBackBy().flatMap((index) => ends[index] ?? []);
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of [
      () => this.#enumerator?.coordinator.close(),
      () => this.#chain?.close(),
      () => this.contexts.close(),
    ]) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #openGate(chain: OperatorChain): Promise<void> {
    const environment = this.#environment;
    const restore = environment.restore?.inFlight;
    const pieces = restore && (await readInFlight(restore, environment.stateFiles));
    const surroundings = {
      environment,
      chain,
      aligner: this.#aligner,
      listener: {
        ...this.#listener,
        onLatencyMarker: (marker: LatencyMarker) => this.#markers?.pass(marker),
      },
      room: this.room,
      onWatermark: (timestamp: number) => this.#inputTrace.noteWatermark(this.#gate?.watermark ?? timestamp),
    };
    this.#gate = assembleGate(surroundings, pieces);
    this.#input = this.#gate;
  }

  async #openSource(chain: OperatorChain, source: SourceStreamOperator): Promise<void> {
    const environment = this.#environment;
    this.#source = assembleSourceInput(environment, source, this.#listener);
    this.#input = this.#source;
    if (environment.address.subtask !== 0) return;
    this.#enumerator = assembleEnumerator(environment, chain);
    await this.#enumerator.coordinator.start(environment.restore?.enumerator);
  }
}

function executableEdge(environment: TaskEnvironment, edgeId: number): ExecutableEdge {
  for (const node of environment.vertex.nodes) {
    for (const output of node.outputs) {
      if (output.kind === 'edge' && output.edge.id === edgeId) return output.edge;
    }
  }
  throw new MillraceError(
    'MR9001',
    `Invariant broken: no operator of the chain has the output edge ${edgeId}.`,
  );
}

function reading({ watermark, sinceMs, idle }: WatermarkTrace) {
  return { watermark, sinceMs, idle };
}
