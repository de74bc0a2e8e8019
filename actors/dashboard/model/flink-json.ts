/**
 * What the REST interface answers, as far as the dashboard reads it: Flink's v1 field names, spelled as they cross
 * the wire. The page runs in a browser and shares no code with the engine, so the shapes are written down here.
 * Times are ms since the epoch, -1 where there is none; sizes are bytes; durations ms.
 */

export interface ClusterConfig {
  readonly 'refresh-interval': number;
  readonly 'flink-version': string;
  readonly features?: Readonly<Record<string, boolean>>;
}

export interface ClusterOverview {
  readonly taskmanagers: number;
  readonly 'slots-total': number;
  readonly 'slots-available': number;
  readonly 'jobs-running': number;
  readonly 'jobs-finished': number;
  readonly 'jobs-cancelled': number;
  readonly 'jobs-failed': number;
}

export interface JobOverview {
  readonly jid: string;
  readonly name: string;
  readonly state: string;
  readonly 'start-time': number;
  readonly 'end-time': number;
  readonly duration: number;
  readonly 'last-modification': number;
  /** `total` and the execution states in lower case. */
  readonly tasks: Readonly<Record<string, number>>;
}

export interface JobsOverview {
  readonly jobs: readonly JobOverview[];
}

/** Counted from the start of the attempt; the accumulated times are sums over the subtasks. */
export interface IoMetrics {
  readonly 'read-bytes': number;
  readonly 'write-bytes': number;
  readonly 'read-records': number;
  readonly 'write-records': number;
  readonly 'accumulated-backpressured-time': number;
  readonly 'accumulated-idle-time': number;
  readonly 'accumulated-busy-time': number;
}

export interface JobVertex {
  readonly id: string;
  readonly name: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly status: string;
  readonly 'start-time': number;
  readonly 'end-time': number;
  readonly duration: number;
  readonly tasks: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Partial<IoMetrics>>;
}

export interface PlanInput {
  readonly id: string;
  readonly ship_strategy?: string;
}

export interface PlanNode {
  readonly id: string;
  readonly parallelism: number;
  /** HTML: tags for line ends, entities for signs. Never shown as such. */
  readonly description?: string;
  readonly inputs?: readonly PlanInput[];
}

export interface JobDetail {
  readonly jid: string;
  readonly name: string;
  readonly state: string;
  readonly isStoppable: boolean;
  readonly 'job-type'?: string;
  readonly 'start-time': number;
  readonly 'end-time': number;
  readonly duration: number;
  readonly maxParallelism: number;
  readonly now: number;
  readonly timestamps: Readonly<Record<string, number>>;
  readonly vertices: readonly JobVertex[];
  readonly plan: { readonly nodes: readonly PlanNode[] };
}

export interface SubtaskInfo {
  readonly subtask: number;
  readonly status: string;
  readonly attempt: number;
  readonly host?: string;
  readonly endpoint?: string;
  readonly 'start-time': number;
  readonly 'end-time': number;
  readonly duration: number;
  readonly metrics: Readonly<Partial<IoMetrics>>;
  readonly 'taskmanager-id'?: string;
}

export interface VertexDetail {
  readonly id: string;
  readonly name: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly now: number;
  readonly subtasks: readonly SubtaskInfo[];
}

/** `id` is `0.currentInputWatermark` or the name of a metric. */
export interface MetricValue {
  readonly id: string;
  readonly value?: string;
}

export interface AggregatedMetric {
  readonly id: string;
  readonly min?: number;
  readonly max?: number;
  readonly sum?: number;
  readonly avg?: number;
}

export interface CheckpointTask {
  readonly id: number;
  readonly num_subtasks: number;
  readonly num_acknowledged_subtasks: number;
}

export interface Checkpoint {
  readonly id: number;
  readonly status: string;
  readonly is_savepoint: boolean;
  readonly checkpoint_type: string;
  readonly trigger_timestamp: number;
  readonly latest_ack_timestamp: number;
  readonly checkpointed_size: number;
  readonly state_size: number;
  readonly end_to_end_duration: number;
  readonly processed_data: number;
  readonly persisted_data: number;
  readonly num_subtasks: number;
  readonly num_acknowledged_subtasks: number;
  readonly external_path?: string;
  readonly discarded?: boolean;
  readonly failure_timestamp?: number;
  readonly failure_message?: string | null;
  readonly tasks?: Readonly<Record<string, CheckpointTask>>;
}

export interface RestoredCheckpoint {
  readonly id: number;
  readonly restore_timestamp: number;
  readonly is_savepoint: boolean;
  readonly external_path?: string | null;
}

export interface CheckpointStatistics {
  readonly counts: {
    readonly restored: number;
    readonly total: number;
    readonly in_progress: number;
    readonly completed: number;
    readonly failed: number;
  };
  readonly latest: {
    readonly completed?: Checkpoint | null;
    readonly savepoint?: Checkpoint | null;
    readonly failed?: Checkpoint | null;
    readonly restored?: RestoredCheckpoint | null;
  };
  readonly history: readonly Checkpoint[];
}

/** Of a subtask that has not acknowledged, only `index` and `status` are there. */
export interface SubtaskCheckpoint {
  readonly index: number;
  readonly status: string;
  readonly ack_timestamp?: number;
  readonly end_to_end_duration?: number;
  readonly checkpointed_size?: number;
  readonly state_size?: number;
  readonly checkpoint?: { readonly sync: number; readonly async: number };
  readonly alignment?: { readonly processed: number; readonly persisted: number; readonly duration: number };
  readonly start_delay?: number;
  readonly unaligned_checkpoint?: boolean;
}

export interface CheckpointSubtasks {
  readonly id: string | number;
  readonly status: string;
  readonly subtasks: readonly SubtaskCheckpoint[];
}

export interface CheckpointConfig {
  readonly mode: string;
  readonly interval: number;
  readonly timeout: number;
  readonly min_pause: number;
  readonly max_concurrent: number;
  readonly externalization: { readonly enabled: boolean; readonly delete_on_cancellation: boolean };
  readonly state_backend: string;
  readonly checkpoint_storage: string;
  readonly unaligned_checkpoints: boolean;
  readonly tolerable_failed_checkpoints: number;
  readonly aligned_checkpoint_timeout: number;
}

export interface ExceptionInfo {
  readonly exceptionName: string;
  readonly stacktrace: string;
  readonly timestamp: number;
  readonly failureLabels?: Readonly<Record<string, string>>;
  readonly taskName?: string | null;
  readonly endpoint?: string | null;
  readonly taskManagerId?: string | null;
}

export interface RootException extends ExceptionInfo {
  readonly concurrentExceptions?: readonly ExceptionInfo[];
}

export interface JobExceptions {
  readonly exceptionHistory: { readonly entries: readonly RootException[]; readonly truncated: boolean };
}

export interface JobConfigInfo {
  readonly jid: string;
  readonly name: string;
  readonly 'execution-config'?: {
    readonly 'execution-mode'?: string;
    readonly 'restart-strategy'?: string;
    readonly 'job-parallelism'?: number;
    readonly 'object-reuse-mode'?: boolean;
    readonly 'user-config'?: Readonly<Record<string, string>>;
  };
}

/** Ours: each option with the place that it comes from. */
export interface JobConfiguration {
  readonly options: readonly ConfiguredOption[];
}

export interface ConfiguredOption {
  readonly key: string;
  readonly value: string;
  readonly origin: string;
}

export interface MemoryConfiguration {
  readonly frameworkHeap: number;
  readonly taskHeap: number;
  readonly frameworkOffHeap: number;
  readonly taskOffHeap: number;
  readonly networkMemory: number;
  readonly managedMemory: number;
  readonly jvmMetaspace: number;
  readonly jvmOverhead: number;
  readonly totalFlinkMemory: number;
  readonly totalProcessMemory: number;
}

export interface TaskManager {
  readonly id: string;
  readonly path: string;
  readonly timeSinceLastHeartbeat: number;
  readonly slotsNumber: number;
  readonly freeSlots: number;
  readonly hardware?: { readonly cpuCores: number; readonly physicalMemory: number };
  readonly memoryConfiguration?: MemoryConfiguration;
}

export interface TaskManagers {
  readonly taskmanagers: readonly TaskManager[];
}

export interface TaskManagerDetail extends TaskManager {
  readonly metrics?: Readonly<Record<string, unknown>>;
  readonly allocatedSlots?: readonly AllocatedSlot[];
}

export interface AllocatedSlot {
  readonly jobId: string;
}

/** Samples in which a function, or what it called, ran. */
export interface FlameNode {
  readonly name: string;
  readonly value: number;
  readonly children: readonly FlameNode[];
}

/** `endTimestamp` is negative where there is no graph: it has ended (-1), is turned off (-2), is being taken (-3). */
export interface FlameGraphAnswer {
  readonly endTimestamp: number;
  readonly data?: FlameNode | null;
}

export interface ThreadDump {
  readonly threadInfos: readonly { readonly threadName: string; readonly stringifiedThreadInfo: string }[];
}

export interface LogFile {
  readonly name: string;
  readonly size: number;
  readonly mtime?: number;
}

export type ResourceRequirements = Readonly<
  Record<string, { readonly parallelism: { readonly lowerBound: number; readonly upperBound: number } }>
>;

export interface Triggered {
  readonly 'request-id': string;
}

export interface FailureCause {
  readonly class?: string;
  readonly 'stack-trace'?: string;
}

/** Of a savepoint (`location`) or a checkpoint (`checkpointId`). */
export interface AsynchronousOperation {
  readonly status: { readonly id: string };
  readonly operation?: {
    readonly location?: string | null;
    readonly checkpointId?: number | null;
    readonly 'failure-cause'?: FailureCause | null;
    readonly failureCause?: FailureCause | null;
  } | null;
}
