import {
  channelsOf,
  oneHome,
  planChannels,
  type TaskChannelPlan,
} from '../../actors/cluster/channel-plan.js';
import { StreamTask } from '../../actors/task/stream-task.js';
import {
  restoreOf,
  type TaskEnvironment,
  type TaskInputEdge,
  type TaskOutputEdge,
  taskInputEdge,
} from '../../actors/task/task-environment.js';
import {
  type AttemptDescription,
  type BuiltJob,
  type CodecFactory,
  invariant,
  isPointwise,
  type RecordCodec,
  type TaskAddress,
} from '../../core/internal.js';
import {
  bufferDemand,
  type ChannelHandle,
  type ChannelReader,
  type ChannelWriter,
  createDoorbells,
  Doorbell,
  type DoorbellHandle,
  LocalBufferPool,
  type NetworkBufferOptions,
  SegmentPool,
} from '../../memory/index.js';

/** What a task reaches of the world, apart from the job, its channels and its part of a checkpoint. */
export type TaskSurroundings = Omit<
  TaskEnvironment,
  | 'jobName'
  | 'address'
  | 'epoch'
  | 'globalJobParameters'
  | 'vertex'
  | 'inputs'
  | 'outputs'
  | 'restore'
  | 'codecs'
>;

/** Where one task is going to run; `T` is what the place makes of it. */
export interface TaskPlace<T> {
  readonly surroundings: TaskSurroundings;
  /** Called once, after the task was made. */
  adopt(task: StreamTask, doorbell: Doorbell): T;
}

/** Between which tasks of its attempt a channel is: an edge of the graph, and a subtask at each end. */
export interface ChannelPlace {
  readonly edgeId: number;
  readonly producer: number;
  readonly consumer: number;
}

/** Where the tasks of an attempt run without threads. */
export interface AttemptSite<T> {
  readonly segmentBytes: number;
  readonly network: NetworkBufferOptions;
  /** Segments beyond what the job requires. */
  readonly spareSegments: number;
  /** Shared by all tasks: codecs keep nothing between two calls. */
  readonly codecs: CodecFactory;
  /** Called for each task, as each thread builds the job for itself. */
  build(): BuiltJob;
  /** Called for each task, before {@link build}. */
  place(address: TaskAddress): TaskPlace<T>;
  reader(
    handle: ChannelHandle,
    pool: SegmentPool,
    codec: RecordCodec<unknown>,
    place: ChannelPlace,
  ): ChannelReader<unknown>;
  writer(
    handle: ChannelHandle,
    buffers: LocalBufferPool,
    codec: RecordCodec<unknown>,
    place: ChannelPlace,
  ): ChannelWriter<unknown>;
  /** A producer's segments, before its writers are made. */
  onBuffers?(buffers: LocalBufferPool): void;
}

/**
 * Puts the tasks of a region together in place, with real channels between them, as a launcher of threads
 * and the threads themselves do. Subtasks that had finished before the restored checkpoint are left out.
 *
 * @returns the tasks in the order of vertices and subtasks
 */
export function assembleAttempt<T>(attempt: AttemptDescription, site: AttemptSite<T>): T[] {
  return new AttemptAssembly(attempt, site).tasks();
}

class AttemptAssembly<T> {
  readonly #attempt: AttemptDescription;
  readonly #site: AttemptSite<T>;
  readonly #doorbells: readonly (readonly DoorbellHandle[])[];

  constructor(attempt: AttemptDescription, site: AttemptSite<T>) {
    this.#attempt = attempt;
    this.#site = site;
    const { vertices } = attempt.graph;
    const bells = createDoorbells(vertices.reduce((sum, vertex) => sum + vertex.parallelism, 0));
    this.#doorbells = vertices.map((vertex) => bells.splice(0, vertex.parallelism));
  }

  tasks(): T[] {
    const { graph, restore, jobId, attempt, region } = this.#attempt;
    const { network, segmentBytes, spareSegments } = this.#site;
    const running = region.subtasks.map((subtasks, vertexId) =>
      subtasks.map((isOwn, subtask) => isOwn && restore?.subtasks[vertexId]?.[subtask] !== 'finished'),
    );
    const { required } = bufferDemand(channelsOf(graph).flat(), network);
    const channels = planChannels({
      graph,
      running,
      doorbells: this.#doorbells,
      segmentBytes,
      options: network,
      network: oneHome(required + spareSegments),
    });
    const [shared] = channels.pools;
    invariant(shared !== undefined, 'an attempt has network memory');
    const tasks: T[] = [];
    for (const vertex of graph.vertices) {
      for (let subtask = 0; subtask < vertex.parallelism; subtask++) {
        const plan = channels.tasks[vertex.id]?.[subtask];
        if (plan === undefined) continue;
        tasks.push(
          this.#task({ jobId, attempt, vertexId: vertex.id, subtask }, plan, new SegmentPool(shared)),
        );
      }
    }
    return tasks;
  }

  #task(address: TaskAddress, plan: TaskChannelPlan, pool: SegmentPool): T {
    const { epoch, restore } = this.#attempt;
    const handle = this.#doorbells[address.vertexId]?.[address.subtask];
    invariant(handle !== undefined, 'every task has a doorbell');
    const place = this.#site.place(address);
    const job = this.#site.build();
    const vertex = job.vertices[address.vertexId];
    invariant(vertex !== undefined, 'the deployed vertex is in the graph', { vertex: address.vertexId });
    const task = new StreamTask({
      ...place.surroundings,
      jobName: job.graph.name,
      address,
      epoch,
      globalJobParameters: job.globalJobParameters,
      vertex,
      ...this.#channels(job, plan, pool, address.subtask),
      restore: restoreOf(restore, address),
      codecs: this.#site.codecs,
    });
    return place.adopt(task, new Doorbell(handle));
  }

  #channels(
    job: BuiltJob,
    plan: TaskChannelPlan,
    pool: SegmentPool,
    subtask: number,
  ): { readonly inputs: TaskInputEdge[]; readonly outputs: TaskOutputEdge[] } {
    const site = this.#site;
    const codecOf = (edgeId: number) => {
      const edge = job.edges[edgeId];
      invariant(edge !== undefined, 'every edge is in the graph', { edgeId });
      return site.codecs.codecFor(edge.type);
    };
    const inputs = plan.inputs.map(({ edge, channels }) => {
      const readers = channels.map((handle, index): ChannelReader<unknown> | undefined => {
        if (handle === undefined) return undefined;
        const producer = isPointwise(edge) ? subtask : index;
        const place = { edgeId: edge.id, producer, consumer: subtask };
        return site.reader(handle, pool, codecOf(edge.id), place);
      });
      return taskInputEdge(job, edge.id, readers);
    });
    const outputs = plan.outputs.map(({ edge, partition, consumers }) => {
      const buffers = new LocalBufferPool(partition, pool);
      site.onBuffers?.(buffers);
      return {
        edgeId: edge.id,
        channels: consumers.map((channel, index): ChannelWriter<unknown> | undefined => {
          const handle = partition.channels[channel];
          if (handle === undefined) return undefined;
          const consumer = isPointwise(edge) ? subtask : index;
          const place = { edgeId: edge.id, producer: subtask, consumer };
          return site.writer(handle, buffers, codecOf(edge.id), place);
        }),
      };
    });
    return { inputs, outputs };
  }
}
