import { invariant, isPointwise, type JobEdge, type JobGraph, MillraceError } from '../../core/internal.js';
import {
  type ChannelHandle,
  createPartition,
  createSegmentPool,
  type DoorbellHandle,
  gateBuffers,
  type NetworkBufferOptions,
  type PartitionHandle,
  partitionBuffers,
  SegmentAllocator,
  type SegmentPoolHandle,
  type TaskChannels,
} from '../../memory/index.js';

/** Which subtasks of an attempt run; by vertex id, then subtask. */
export type RunningSubtasks = readonly (readonly boolean[])[];

/** The ends of one task. */
export interface TaskChannelPlan {
  /** By input edge in the order of edge ids; channels by producer subtask, undefined for finished ones. */
  readonly inputs: readonly {
    readonly edge: JobEdge;
    readonly channels: readonly (ChannelHandle | undefined)[];
  }[];
  /** By output edge in the order of edge ids. `consumers[i]` is the channel number of consumer i, or -1. */
  readonly outputs: readonly {
    readonly edge: JobEdge;
    readonly partition: PartitionHandle;
    readonly consumers: readonly number[];
  }[];
}

export interface ChannelPlan {
  /** One for each home. */
  readonly pools: readonly SegmentPoolHandle[];
  /** By vertex id, then subtask; undefined for finished ones. */
  readonly tasks: readonly (readonly (TaskChannelPlan | undefined)[])[];
}

export interface ChannelPlanRequest {
  readonly graph: JobGraph;
  readonly running: RunningSubtasks;
  /** By vertex id, then subtask. */
  readonly doorbells: readonly (readonly DoorbellHandle[])[];
  readonly segmentBytes: number;
  readonly options: NetworkBufferOptions;
  readonly network: NetworkHomes;
}

/** Whose network memory the tasks have. A channel has that of its producer, whoever reads it. */
export interface NetworkHomes {
  /** By name: how many segments the attempt may take there. */
  readonly segmentCounts: ReadonlyMap<string, number>;
  homeOf(vertexId: number, subtask: number): string;
}

/** All tasks have the same. */
export function oneHome(segmentCount: number): NetworkHomes {
  return { segmentCounts: new Map([['', segmentCount]]), homeOf: () => '' };
}

/** Channels per gate and per partition of every subtask: what the memory plan is asked to hold. */
export function channelsOf(graph: JobGraph): readonly (readonly TaskChannels[])[] {
  return graph.vertices.map((vertex) => {
    const gates = graph.edges
      .filter((edge) => edge.target === vertex.id)
      .map((edge) => (isPointwise(edge) ? 1 : parallelismOf(graph, edge.source)));
    const partitions = graph.edges
      .filter((edge) => edge.source === vertex.id)
      .map((edge) => (isPointwise(edge) ? 1 : parallelismOf(graph, edge.target)));
    return Array.from({ length: vertex.parallelism }, () => ({ gates, partitions }));
  });
}

/** What each task needs of its home's network memory at the least; by vertex id, then subtask. */
export function producerSegments(graph: JobGraph, options: NetworkBufferOptions): readonly number[][] {
  return graph.vertices.map(({ id, parallelism }) =>
    Array.from({ length: parallelism }, (_, subtask) =>
      graph.edges
        .filter(({ source }) => source === id)
        .reduce((sum, edge) => {
          const channels = consumersOf(graph, edge, subtask).length;
          return sum + partitionSize({ graph, options }, edge, subtask, channels).required;
        }, 0),
    ),
  );
}

/**
 * Lays out the channels of one attempt, in a fresh pool for each home. Each channel has its exclusive segments; what
 * the required count holds beyond them floats within the producer's partition, and so do spare segments of the
 * pool, up to what a partition can make use of.
 *
 * Invariant: the ids of all partitions of a pool are distinct and no more than its home's count.
 *
 * @throws MillraceError MR4004 if the pool has fewer segments than the job requires
 */
export function planChannels(request: ChannelPlanRequest): ChannelPlan {
  const { graph, network } = request;
  const partitions = graph.edges.flatMap((edge) => partitionsOf(request, edge));
  const pools: SegmentPoolHandle[] = [];
  const handles = new Map<string, PartitionHandle>();
  for (const [home, segmentCount] of network.segmentCounts) {
    const own = partitions.filter(({ edge, producer }) => network.homeOf(edge.source, producer) === home);
    pools.push(layOut(request, own, segmentCount, handles));
  }
  invariant(handles.size === partitions.length, 'each partition has a home', {
    partitions: partitions.length,
  });
  return { pools, tasks: tasksOf(request, handles) };
}

/** The partitions of one home, in its pool. */
function layOut(
  request: ChannelPlanRequest,
  partitions: readonly PlannedPartition[],
  segmentCount: number,
  handles: Map<string, PartitionHandle>,
): SegmentPoolHandle {
  const required = partitions.reduce((sum, partition) => sum + partition.required, 0);
  if (required > segmentCount) {
    throw new MillraceError(
      'MR4004',
      `Insufficient number of network buffers: required ${required}, but only ${segmentCount} available.`,
    );
  }
  const pool = createSegmentPool(request.segmentBytes, segmentCount);
  const allocator = new SegmentAllocator(pool);
  let spare = segmentCount - required;
  for (const partition of partitions) {
    const extra = Math.min(spare, partition.max - partition.required);
    spare -= extra;
    const segmentIds = allocator.allocate(partition.required + extra);
    invariant(segmentIds !== undefined, 'the pool holds what was planned', { edge: partition.edge.id });
    const { consumerDoorbells, producerDoorbell, exclusivePerChannel } = partition;
    handles.set(
      keyOf(partition.edge, partition.producer),
      createPartition({ pool, producerDoorbell, consumerDoorbells, exclusivePerChannel, segmentIds }),
    );
  }
  return pool;
}

interface PlannedPartition {
  readonly edge: JobEdge;
  readonly producer: number;
  readonly producerDoorbell: DoorbellHandle;
  readonly consumerDoorbells: readonly DoorbellHandle[];
  readonly exclusivePerChannel: number;
  readonly required: number;
  readonly max: number;
}

/** The partitions of an edge: one for each running producer that has a running consumer. */
function partitionsOf(request: ChannelPlanRequest, edge: JobEdge): PlannedPartition[] {
  const producers = parallelismOf(request.graph, edge.source);
  const planned: PlannedPartition[] = [];
  for (let producer = 0; producer < producers; producer++) {
    if (request.running[edge.source]?.[producer] !== true) continue;
    const consumerDoorbells = runningConsumers(request, edge, producer).map((consumer) =>
      doorbellOf(request, edge.target, consumer),
    );
    if (consumerDoorbells.length === 0) continue;
    planned.push({
      edge,
      producer,
      producerDoorbell: doorbellOf(request, edge.source, producer),
      consumerDoorbells,
      ...partitionSize(request, edge, producer, consumerDoorbells.length),
    });
  }
  return planned;
}

/** Of a partition with so many channels: its own segments, and its share of those that its gates ask for. */
function partitionSize(
  { graph, options }: Pick<ChannelPlanRequest, 'graph' | 'options'>,
  edge: JobEdge,
  producer: number,
  channels: number,
): Pick<PlannedPartition, 'exclusivePerChannel' | 'required' | 'max'> {
  const producers = parallelismOf(graph, edge.source);
  const exclusivePerChannel = Math.max(1, options.buffersPerChannel);
  const gate = gateBuffers(isPointwise(edge) ? 1 : producers, options);
  const partition = partitionBuffers(channels, options);
  const gates = parallelismOf(graph, edge.target);
  const gateShare = isPointwise(edge) ? 1 : Math.floor((gates + producer) / producers);
  return {
    exclusivePerChannel,
    required: exclusivePerChannel * channels + partition.required + gateShare * gate.floatingRequired,
    max: exclusivePerChannel * channels + partition.max + gateShare * options.floatingBuffersPerGate,
  };
}

function tasksOf(
  request: ChannelPlanRequest,
  handles: ReadonlyMap<string, PartitionHandle>,
): (TaskChannelPlan | undefined)[][] {
  const { graph, running } = request;
  return graph.vertices.map((vertex) =>
    Array.from({ length: vertex.parallelism }, (_, subtask) => {
      if (running[vertex.id]?.[subtask] !== true) return undefined;
      return {
        inputs: graph.edges
          .filter((edge) => edge.target === vertex.id)
          .map((edge) => ({ edge, channels: inputChannels(request, edge, subtask, handles) })),
        outputs: graph.edges
          .filter((edge) => edge.source === vertex.id)
          .map((edge) => ({
            edge,
            partition: handles.get(keyOf(edge, subtask)) ?? { channels: [], exclusive: [], floating: [] },
            consumers: consumerChannels(request, edge, subtask),
          })),
      };
    }),
  );
}

/** The channels that end at one consumer, by producer subtask. */
function inputChannels(
  request: ChannelPlanRequest,
  edge: JobEdge,
  consumer: number,
  handles: ReadonlyMap<string, PartitionHandle>,
): (ChannelHandle | undefined)[] {
  const producers = isPointwise(edge)
    ? [consumer]
    : Array.from({ length: parallelismOf(request.graph, edge.source) }, (_, producer) => producer);
  return producers.map((producer) => {
    const channel = runningConsumers(request, edge, producer).indexOf(consumer);
    return handles.get(keyOf(edge, producer))?.channels[channel];
  });
}

function consumerChannels(request: ChannelPlanRequest, edge: JobEdge, producer: number): number[] {
  const live = runningConsumers(request, edge, producer);
  return consumersOf(request.graph, edge, producer).map((consumer) => live.indexOf(consumer));
}

function runningConsumers(request: ChannelPlanRequest, edge: JobEdge, producer: number): number[] {
  return consumersOf(request.graph, edge, producer).filter(
    (consumer) => request.running[edge.target]?.[consumer] === true,
  );
}

function consumersOf(graph: JobGraph, edge: JobEdge, producer: number): number[] {
  if (isPointwise(edge)) return [producer];
  return Array.from({ length: parallelismOf(graph, edge.target) }, (_, consumer) => consumer);
}

function parallelismOf(graph: JobGraph, vertexId: number): number {
  const vertex = graph.vertices[vertexId];
  invariant(vertex !== undefined, 'an edge joins vertices of its graph', { vertexId });
  return vertex.parallelism;
}

function doorbellOf(request: ChannelPlanRequest, vertexId: number, subtask: number): DoorbellHandle {
  const doorbell = request.doorbells[vertexId]?.[subtask];
  invariant(doorbell !== undefined, 'every task has a doorbell', { vertexId, subtask });
  return doorbell;
}

function keyOf(edge: JobEdge, producer: number): string {
  return `${edge.id}/${producer}`;
}
