import type { Committer, Sink, SinkWriter, SinkWriterContext } from '../core/api/sink.js';
import { InputStatus } from '../core/api/source.js';
import type { OperatorStateHandle } from '../core/checkpoint/snapshot-handle.js';
import type { BuiltJob, ExecutableEdge } from '../core/graph/job-graph.js';
import type { StreamPartitioner } from '../core/graph/stream-partitioner.js';
import { OperatorChain } from '../core/operator/operator-chain.js';
import type { SourceCoordinator } from '../core/operator/source-stream-operator.js';
import type { Input, Output } from '../core/operator/stream-operator.js';
import type { KeyedStateStore } from '../core/ports/keyed-state-store.js';
import { WatermarkValve } from '../core/watermark/watermark-valve.js';
import { OperatorWorld } from './operator-world.js';

/** State of every operator of every subtask, by uid. */
export type JobCheckpoint = {
  readonly operators: ReadonlyMap<string, OperatorStateHandle>[][];
  readonly enumerators: (Uint8Array | undefined)[];
  readonly checkpointId: number;
};

interface InlineTask {
  readonly vertex: number;
  readonly subtask: number;
  readonly chain: OperatorChain;
  coordinator: SourceCoordinator | undefined;
  readonly inputs: InlineInput[];
  ended: boolean;
}

/** One input of a task: what the producers' records are handed to at once. */
class InlineInput {
  readonly input: Input<unknown>;
  readonly valve: WatermarkValve;
  open: number;

  constructor(input: Input<never>, channels: number) {
    this.input = input as unknown as Input<unknown>;
    this.open = channels;
    this.valve = new WatermarkValve(channels, {
      emitWatermark: (timestamp) => input.processWatermark(timestamp),
      emitIdle: () => input.processIdle(),
      emitActive: () => input.processActive(),
    });
  }
}

/**
 * Runs a whole job without threads and channels: what a task emits, its consumers process at once, so that a
 * job can be stopped and snapshotted between any two polls of its sources.
 */
export class InlineJob {
  readonly world: OperatorWorld;
  readonly #job: BuiltJob;
  readonly #tasks: InlineTask[][] = [];
  readonly #attempt: number;
  readonly #wakes = new Map<string, number>();
  #turn = 0;

  private constructor(job: BuiltJob, world: OperatorWorld, attempt: number) {
    this.#job = job;
    this.world = world;
    this.#attempt = attempt;
  }

  static async start(
    job: BuiltJob,
    options: {
      readonly world?: OperatorWorld;
      readonly restore?: JobCheckpoint;
      readonly attempt?: number;
    } = {},
  ): Promise<InlineJob> {
    const inline = new InlineJob(job, options.world ?? new OperatorWorld(), options.attempt ?? 1);
    for (let id = job.vertices.length - 1; id >= 0; id--) await inline.#makeVertex(id, options.restore);
    for (const tasks of inline.#tasks) for (const task of tasks) await task.chain.open();
    await inline.#startSources(options.restore);
    return inline;
  }

  /** Polls one source once. False when every source has ended. */
  async poll(budget: number): Promise<boolean> {
    const sources = this.#tasks.flat().filter(({ chain, ended }) => chain.source !== undefined && !ended);
    const task = sources[this.#turn++ % Math.max(1, sources.length)];
    if (task?.chain.source === undefined) return false;
    const status = task.chain.source.poll(budget);
    if (status === InputStatus.END_OF_INPUT) await this.#end(task);
    await this.#resume();
    return true;
  }

  /** As the steps of the tasks would, until nothing more comes of it. */
  async #resume(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      await this.world.settle();
      for (const { chain } of this.#tasks.flat()) chain.resume();
    }
  }

  async run(budget = 64): Promise<void> {
    while (await this.poll(budget));
  }

  /** Lets time pass at once, and wakes who asked for it. */
  async tick(ms: number): Promise<void> {
    const { clock } = this.world;
    clock.advance(ms);
    for (const [name, wallMs] of [...this.#wakes]) {
      if (wallMs > clock.wallMs()) continue;
      this.#wakes.delete(name);
      const [vertex = 0, subtask = 0, node = 0] = name.split(' ').map(Number);
      const task = this.#tasks[vertex]?.[subtask];
      if (task?.ended === false) task.chain.operators[node]?.onWake(clock.wallMs());
    }
    await this.#resume();
  }

  /** Takes a checkpoint of everything: nothing is under way between two polls. */
  async checkpoint(checkpointId: number): Promise<JobCheckpoint> {
    const enumerators = this.#tasks.map((tasks) => tasks[0]?.coordinator?.snapshotState(checkpointId));
    const operators: ReadonlyMap<string, OperatorStateHandle>[][] = [];
    for (const [vertex, tasks] of this.#tasks.entries()) {
      const perSubtask: ReadonlyMap<string, OperatorStateHandle>[] = [];
      for (const task of tasks) {
        await task.chain.prepareSnapshot(checkpointId);
        const handles = new Map<string, OperatorStateHandle>();
        for (const [node, snapshot] of task.chain.snapshotState(checkpointId).entries()) {
          const uid = this.#job.vertices[vertex]?.nodes[node]?.uid ?? '';
          handles.set(uid, await this.world.store(snapshot, checkpointId));
        }
        perSubtask.push(handles);
      }
      operators.push(perSubtask);
    }
    return { operators, enumerators, checkpointId };
  }

  async complete(checkpointId: number): Promise<void> {
    for (const { chain } of this.#tasks.flat()) chain.notifyCheckpointComplete(checkpointId);
    await this.world.settle();
  }

  async #makeVertex(id: number, restore: JobCheckpoint | undefined): Promise<void> {
    const vertex = this.#job.vertices[id];
    if (vertex === undefined) return;
    const { parallelism, maxParallelism } = vertex.vertex;
    this.#tasks[id] = [];
    for (let subtask = 0; subtask < parallelism; subtask++) {
      const options = (uid: string) => ({
        uid,
        subtaskIndex: subtask,
        parallelism,
        maxParallelism,
        attempt: this.#attempt,
        restored: restore?.operators[id]?.[subtask]?.get(uid),
        restoredCheckpointId: restore?.checkpointId,
      });
      const stores: (KeyedStateStore | undefined)[] = [];
      for (const { uid, operator } of vertex.nodes) {
        const keyed = operator.kind === 'operator' && operator.factory.needsKeyedState;
        stores.push(keyed ? await this.world.openStore(options(uid)) : undefined);
      }
      const chain = new OperatorChain(vertex, {
        contextOf: (node) => ({
          ...this.world.context(options(vertex.nodes[node]?.uid ?? ''), stores[node]),
          wakeAt: (wallMs) => this.#wakes.set(`${id} ${subtask} ${node}`, wallMs),
        }),
        edgeOutput: (edge) => this.#edgeOutput(edge, subtask),
        requestSplit: () => void this.#tasks[id]?.[0]?.coordinator?.handleSplitRequest(subtask),
      });
      const inputs = chain.headInputs.map(
        (input, index) => new InlineInput(input, this.#channelsInto(id, index)),
      );
      this.#tasks[id]?.push({
        vertex: id,
        subtask,
        chain,
        coordinator: undefined,
        inputs,
        ended: false,
      });
    }
  }

  #channelsInto(vertex: number, inputIndex: number): number {
    return this.#job.graph.edges
      .filter((edge) => edge.target === vertex && edge.inputIndex === inputIndex)
      .reduce((count, edge) => count + (this.#job.graph.vertices[edge.source]?.parallelism ?? 0), 0);
  }

  #edgeOutput(edge: ExecutableEdge, producer: number): Output<unknown> {
    const { target, inputIndex, channel } = this.#place(edge.id, producer);
    const inputs = (this.#tasks[target] ?? []).map((task) => task.inputs[inputIndex]);
    const partitioner = edge.createPartitioner(inputs.length, producer);
    return new InlineEdge(inputs as InlineInput[], partitioner, channel);
  }

  /** Channels of one input are numbered by edge and producer. */
  #place(edgeId: number, producer: number): { target: number; inputIndex: number; channel: number } {
    const { edges, vertices } = this.#job.graph;
    const edge = edges[edgeId];
    if (edge === undefined) throw new Error(`no edge ${edgeId}`);
    const before = edges.filter(
      ({ id, target, inputIndex }) => id < edgeId && target === edge.target && inputIndex === edge.inputIndex,
    );
    const first = before.reduce((count, { source }) => count + (vertices[source]?.parallelism ?? 0), 0);
    return { target: edge.target, inputIndex: edge.inputIndex, channel: first + producer };
  }

  async #startSources(restore: JobCheckpoint | undefined): Promise<void> {
    for (const tasks of this.#tasks) {
      const [first] = tasks;
      if (first?.chain.source === undefined) continue;
      first.coordinator = first.chain.createCoordinator({
        assignSplits: (subtask, splits) => tasks[subtask]?.chain.source?.addSplits(structuredClone(splits)),
        signalNoMoreSplits: (subtask) => tasks[subtask]?.chain.source?.notifyNoMoreSplits(),
        reportBacklog: () => {},
      });
      await first.coordinator.start(restore?.enumerators[first.vertex]);
    }
  }

  async #end(task: InlineTask): Promise<void> {
    task.ended = true;
    const { chain } = task;
    for (let turns = 0; !chain.hasEnded; turns++) {
      if (turns > 100_000) throw new Error('a chain does not come to its end');
      if (chain.resume() && chain.room() > 0) await chain.endInput();
      await this.#resume();
    }
    for (const edge of this.#job.graph.edges.filter(({ source }) => source === task.vertex)) {
      const { target, inputIndex, channel } = this.#place(edge.id, task.subtask);
      for (const consumer of this.#tasks[target] ?? []) {
        const input = consumer.inputs[inputIndex];
        if (input === undefined) continue;
        input.valve.inputFinished(channel);
        input.open--;
        if (input.open === 0) consumer.chain.inputEnded(inputIndex);
        if (consumer.inputs.every(({ open }) => open === 0)) await this.#end(consumer);
      }
    }
  }
}

class InlineEdge implements Output<unknown> {
  readonly #inputs: readonly InlineInput[];
  readonly #partitioner: StreamPartitioner<unknown>;
  readonly #channel: number;

  constructor(inputs: readonly InlineInput[], partitioner: StreamPartitioner<unknown>, channel: number) {
    this.#inputs = inputs;
    this.#partitioner = partitioner;
    this.#channel = channel;
  }

  collect(value: unknown, timestamp: number): void {
    if (this.#partitioner.isBroadcast) {
      for (const { input } of this.#inputs) input.processElement(value, timestamp);
    } else {
      this.#inputs[this.#partitioner.selectChannel(value)]?.input.processElement(value, timestamp);
    }
  }

  emitWatermark(timestamp: number): void {
    for (const { valve } of this.#inputs) valve.inputWatermark(this.#channel, timestamp);
  }

  emitIdle(): void {
    for (const { valve } of this.#inputs) valve.inputIdle(this.#channel);
  }

  emitActive(): void {
    for (const { valve } of this.#inputs) valve.inputActive(this.#channel);
  }

  sideOutput(): void {
    throw new Error('an edge is never given a side output');
  }
}

/** What a writer hands out: committing the same one again changes nothing. */
interface Batch<T> {
  readonly id: string;
  readonly values: readonly T[];
}

/** Keeps what was written, and apart from it what was committed. */
export class RecordingSink<T> implements Sink<T, Batch<T>, never> {
  readonly values: T[] = [];
  readonly #committed = new Map<string, readonly T[]>();

  createWriter(context: SinkWriterContext): SinkWriter<T, Batch<T>, never> {
    let pending: T[] = [];
    let sequence = 0;
    return {
      write: (value) => {
        this.values.push(value);
        pending.push(value);
      },
      flush: () => {},
      prepareCommit: () => {
        const id = `${context.uid} ${context.subtaskIndex} ${context.attempt} ${sequence++}`;
        const values = pending;
        pending = [];
        return values.length === 0 ? [] : [{ id, values }];
      },
    };
  }

  createCommitter(): Committer<Batch<T>> {
    return {
      commit: async (batches) => {
        for (const { id, values } of batches) this.#committed.set(id, values);
      },
    };
  }

  /** What every reader of the output sees. */
  durable(): T[] {
    return [...this.#committed.values()].flat();
  }
}
