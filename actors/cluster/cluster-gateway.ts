import type {
  CheckpointType,
  JobExecutionResult,
  JobExplanation,
  JobSpan,
  JobStatusSnapshot,
  MetricsQuery,
  MetricValue,
  OptionLayer,
  ResourceRequirements,
  TaskManagerSlots,
  TelemetryPoint,
  WireError,
} from '../../core/internal.js';
import type { ClusterMonitor } from './cluster-monitor.js';
import type { RescaleAnswer, RescaleRequest } from './rescale-request.js';

/**
 * What a client asks of the control plane. Everything that crosses is plain data; failures come back as
 * {@link WireError}s, so that codes and causes survive.
 */
export interface ClusterGateway extends ClusterMonitor {
  /** What the cluster is configured with; told first. Without, it is the first job's configuration. */
  configure(layers: readonly OptionLayer[]): void;
  /** In the order in which they came. */
  taskManagers(): readonly TaskManagerStatus[];
  /** One more, as configured. MR4002: there are as many as there may be. */
  startTaskManager(): Promise<TaskManagerAnswer>;
  /** It is gone, with what runs there, once adaptive jobs have left it. MR7002: there is none of that id. */
  terminateTaskManager(id: string): Promise<WireError | undefined>;
  submit(submission: JobSubmission): Promise<SubmissionAnswer>;
  /** Undefined for a job that this cluster does not know. */
  status(jobId: string): JobStatusSnapshot | undefined;
  /** What the tasks of the present attempt have done; empty while none runs. */
  tasks(jobId: string): readonly TaskStatus[];
  /** Counters as of {@link JobExecutionResult}, as they stood at the tasks' last snapshots. */
  metrics(jobId: string): Readonly<Record<string, number>>;
  /** Metrics by Flink's names, as they stand; nothing of what is not known. */
  readMetrics(query: MetricsQuery): Promise<readonly MetricValue[]>;
  /** All metrics of the cluster in Prometheus' text format, as Flink's reporter names them. */
  prometheus(): Promise<string>;
  /** All metrics as OpenTelemetry takes them, and the spans that have ended since the last call. */
  telemetry(): Promise<Telemetry>;
  /** As {@link tasks}, all numbers being of now. */
  measuredTasks(jobId: string): Promise<readonly TaskStatus[]>;
  /** Log files that there are now, of all jobs. */
  listLogs(owner: LogOwner): Promise<readonly LogFile[]>;
  /** The end of one that {@link listLogs} names, at most 8 MiB; undefined: there is none of that name. */
  readLog(owner: LogOwner, name: string): Promise<string | undefined>;
  /** Why nothing comes out: event time at each operator. Undefined for a job that this cluster does not know. */
  explain(jobId: string): Promise<JobExplanation | undefined>;
  /** What a `CollectSink` of the job has brought back since the last call. */
  collected(jobId: string): readonly unknown[];
  /** Answers when the job has ended. */
  result(jobId: string): Promise<JobResultAnswer>;
  /** Asks for the end of the job; `result` tells when it came. */
  cancel(jobId: string): void;
  /** Takes a checkpoint now; answers when it is complete, or is not to be. */
  triggerCheckpoint(jobId: string, type: CheckpointType): Promise<CheckpointAnswer>;
  /** Takes a savepoint, and ends the job with it if `stop` says so; answers when that is done. */
  savepoint(jobId: string, order: SavepointRequest): Promise<SavepointAnswer>;
  /**
   * Changes the parallelism of a running job, through a checkpoint and without losing or doubling a record; it keeps
   * its id. Of several wishes the newest counts.
   */
  rescale(jobId: string, request: RescaleRequest): Promise<RescaleAnswer>;
  /** By vertex id, as the job declares them or as it was last rescaled. Undefined for a job that is not known. */
  resourceRequirements(jobId: string): ResourceRequirements | undefined;
  /** Ends all jobs as a crash would (their checkpoints stay), and every thread of the cluster. */
  close(): Promise<void>;
}

/** A TaskManager with its slots. Plain data. */
export interface TaskManagerStatus extends TaskManagerSlots {
  /** Wall time of its newest sign of life, ms. */
  readonly heartbeatMs: number;
}

/** What is to be reported of a cluster. */
export interface Telemetry {
  readonly points: readonly TelemetryPoint[];
  readonly spans: readonly JobSpan[];
}

/** The processes that Flink would have, each with a log of its own. */
export type LogOwner = 'jobmanager' | 'taskmanager';

/** A log file as REST lists it. */
export interface LogFile {
  /** `<job>.<owner>.log`, or one of the older ones: `<job>.<owner>.log.1`. */
  readonly name: string;
  readonly size: number;
  /** Wall time of the last change, ms. */
  readonly mtime: number;
}

/** `folder`: undefined for that of `execution.checkpointing.savepoint-dir`. */
export interface SavepointRequest {
  readonly folder: string | undefined;
  readonly stop: 'suspend' | 'drain' | undefined;
}

export type TaskManagerAnswer =
  | { readonly type: 'started'; readonly taskManagerId: string }
  | { readonly type: 'failed'; readonly error: WireError };

export type CheckpointAnswer =
  | { readonly type: 'completed'; readonly checkpointId: number }
  | { readonly type: 'failed'; readonly error: WireError };

export type SavepointAnswer =
  | { readonly type: 'completed'; readonly path: string }
  | { readonly type: 'failed'; readonly error: WireError };

/** One task at one moment. Plain data; numbers count from the start of its attempt. */
export interface TaskStatus {
  readonly vertexId: number;
  readonly subtask: number;
  /** Number of its thread in the process; 0: it has none. */
  readonly threadId: number;
  /** Records taken from channels; of a source, records sent. */
  readonly records: number;
  /** As `records`. */
  readonly recordsIn: number;
  /** Records written to other tasks; this and the bytes are as of the last time that somebody asked for metrics. */
  readonly recordsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** ms since the epoch; `Watermark.MIN` before the first. */
  readonly watermark: number;
  readonly busyMs: number;
  readonly idleMs: number;
  readonly backPressuredMs: number;
}

export interface JobSubmission {
  /** URL of the job's module. */
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  readonly layers: readonly OptionLayer[];
  /** Over `pipeline.name` and the file's name. */
  readonly jobId: string | undefined;
  readonly start: JobStart;
  /**
   * 32 hexadecimal digits, for a submission that another process may make again: that goes on with what this one has
   * begun. Undefined: one is drawn.
   */
  readonly fixedJobId: string | undefined;
  /** Path of a savepoint or checkpoint to begin from, which becomes this job's first one. */
  readonly fromSavepoint: string | undefined;
  /** State in it of operators that the job does not have is left out instead of refused. */
  readonly allowNonRestoredState: boolean;
}

/** `new`: refused if an unfinished job of that name is known. `fresh`: that job's checkpoints are set aside. */
export type JobStart = 'new' | 'resume' | 'fresh';

export type SubmissionAnswer =
  | {
      readonly type: 'started';
      readonly jobId: string;
      readonly jobName: string;
      readonly warnings: readonly string[];
      /** Checkpoint that the job goes on from. */
      readonly restoredCheckpointId: number | undefined;
      /** What the run began from, if this start made it the job's own. */
      readonly begunFrom: BegunFrom | undefined;
    }
  /** A resumed job that had finished before, been cancelled, or stopped with this savepoint: nothing is to do. */
  | {
      readonly type: 'already-finished';
      readonly jobName: string;
      readonly state: EndedWell;
      readonly savepointPath: string | undefined;
    }
  | { readonly type: 'refused'; readonly error: WireError };

/** How a job may have ended of which nothing is to be resumed. */
export type EndedWell = 'FINISHED' | 'CANCELED';

/** A savepoint, or a checkpoint that lay elsewhere. `claimed`: its files are the job's, which otherwise needs none. */
export interface BegunFrom {
  readonly path: string;
  readonly claimed: boolean;
}

export type JobResultAnswer =
  | { readonly type: 'finished'; readonly result: JobExecutionResult }
  | { readonly type: 'failed'; readonly error: WireError };
