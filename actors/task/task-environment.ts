import {
  type AttemptRestore,
  type BuiltJob,
  type ChainNode,
  type Clock,
  type CodecFactory,
  type Completions,
  type DistributedCache,
  type ExecutableEdge,
  type ExecutableVertex,
  type FileSystem,
  type InFlightRestore,
  invariant,
  type JobEdge,
  type JobParameters,
  type KeyedStateBackend,
  type LatencyTracking,
  type LogSink,
  type SnapshotWriter,
  type StandardStream,
  type StateFileReader,
  type SubtaskSnapshot,
  type TaskAddress,
  type TaskReport,
  type Trace,
} from '../../core/internal.js';
import type { ChannelReader, ChannelWriter } from '../../memory/index.js';

/** All that a task may reach of the world. Made by boot in a worker, and by the simulator. */
export interface TaskEnvironment {
  readonly jobName: string;
  readonly address: TaskAddress;
  readonly epoch: number;
  readonly globalJobParameters: JobParameters;
  readonly distributedCache: DistributedCache;
  readonly vertex: ExecutableVertex;
  /** By input edge, in the order of edge ids. */
  readonly inputs: readonly TaskInputEdge[];
  readonly outputs: readonly TaskOutputEdge[];
  readonly restore: TaskRestore | undefined;
  readonly settings: TaskSettings;
  readonly clock: Clock;
  readonly completions: Completions;
  readonly codecs: CodecFactory;
  readonly stateBackend: KeyedStateBackend;
  readonly stateFiles: StateFileReader;
  readonly fileSystem: FileSystem;
  /** Folder for temporary files; gone when the job has left. */
  readonly scratchFolder: string;
  readonly trace: Trace;
  readonly log: LogSink;
  /** A writer for the state files of this task in one checkpoint. */
  snapshotWriter(checkpointId: number, owner: string): SnapshotWriter;
  report(report: TaskReport): void;
  /** A line for standard output, or that of errors; resolves when it has been taken. */
  writeLine(line: string, to?: StandardStream): Promise<void>;
}

export interface TaskInputEdge {
  readonly jobEdge: JobEdge;
  readonly edge: ExecutableEdge;
  /** Its place among the edges from there to the same input. */
  readonly ordinal: number;
  /** By producer subtask; undefined where that subtask had finished before the restored checkpoint. */
  readonly channels: readonly (ChannelReader<unknown> | undefined)[];
}

export interface TaskOutputEdge {
  readonly edgeId: number;
  /** By consumer subtask; undefined where that subtask had finished before the restored checkpoint. */
  readonly channels: readonly (ChannelWriter<unknown> | undefined)[];
}

export interface TaskRestore {
  readonly checkpointId: number;
  readonly snapshot: SubtaskSnapshot;
  /** What is read before any new input. */
  readonly inFlight: InFlightRestore | undefined;
  /** State of the enumerator, for subtask 0 of a source. */
  readonly enumerator: Uint8Array | undefined;
  /** Subtasks of this vertex that had finished; they ask for no more splits. */
  readonly finishedSubtasks: readonly number[];
  /** A source takes nothing: its input had been ended for good. */
  readonly drained: boolean;
}

export interface TaskSettings {
  /** Whether checkpoints are taken; without them sinks commit at the end of input. */
  readonly checkpointing: boolean;
  /** Of a batch: they commit when all tasks of the job have come to their end. */
  readonly commitsWithJob: boolean;
  readonly exactlyOnce: boolean;
  /**
   * How long a checkpoint waits for its barriers, from its trigger on, before it overtakes what is under way;
   * 0: not at all, Infinity: for as long as they take.
   */
  readonly alignedTimeoutMs: number;
  readonly autoWatermarkIntervalMs: number;
  /** How long a record may wait in a segment that is not full, where its operator says nothing; Infinity: for ever. */
  readonly bufferTimeoutMs: number;
  /** How the ways of records are measured; undefined: they are not. */
  readonly latency: LatencyTracking | undefined;
  /** Managed memory of this task, bytes, shared evenly by the operators that use it. */
  readonly managedBytes: number;
}

/** What has become of a checkpoint in this task, for who looks for it. */
export function traceTask(
  { trace, address }: Pick<TaskEnvironment, 'trace' | 'address'>,
  name: string,
  checkpointId: number,
): void {
  if (!trace.enabled) return;
  const { attempt, vertexId, subtask } = address;
  trace.emit({ name, values: { attempt, vertexId, subtask, checkpointId } });
}

/** The part of a restored attempt that belongs to one task; undefined when nothing is restored. */
export function restoreOf(
  restore: AttemptRestore | undefined,
  address: TaskAddress,
): TaskRestore | undefined {
  if (restore === undefined) return undefined;
  const subtasks = restore.subtasks[address.vertexId] ?? [];
  const snapshot = subtasks[address.subtask];
  if (snapshot === undefined || snapshot === 'finished') return undefined;
  const finishedSubtasks: number[] = [];
  subtasks.forEach((subtask, index) => {
    if (subtask === 'finished') finishedSubtasks.push(index);
  });
  const enumerator = address.subtask === 0 ? restore.enumerators[address.vertexId] : undefined;
  const inFlight = restore.inFlight[address.vertexId]?.[address.subtask];
  const { checkpointId, drained } = restore;
  return { checkpointId, snapshot, inFlight, enumerator, finishedSubtasks, drained };
}

/** The reading end of an edge of the job. */
export function taskInputEdge(
  job: BuiltJob,
  edgeId: number,
  channels: TaskInputEdge['channels'],
): TaskInputEdge {
  const { edges } = job.graph;
  const jobEdge = edges[edgeId];
  const edge = job.edges[edgeId];
  invariant(jobEdge !== undefined && edge !== undefined, 'an input edge is in the graph', { edgeId });
  const { sourceUid, target, inputIndex } = jobEdge;
  const alike = edges.filter(
    (other) => other.sourceUid === sourceUid && other.target === target && other.inputIndex === inputIndex,
  );
  return { jobEdge, edge, ordinal: alike.indexOf(jobEdge), channels };
}

/** `<uid>-<subtask>`: the owner's name in keys of state files. */
export function snapshotOwner(node: ChainNode, subtask: number): string {
  return `${node.uid}-${subtask}`;
}
