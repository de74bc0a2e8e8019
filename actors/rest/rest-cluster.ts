import type {
  CheckpointHistory,
  CheckpointType,
  JobConfiguration,
  JobDetails,
  JobExplanation,
  JobFailure,
  MetricsQuery,
  MetricValue,
} from '../../core/internal.js';
import type {
  CheckpointAnswer,
  LogFile,
  LogOwner,
  SavepointAnswer,
  SavepointRequest,
  SubmissionAnswer,
} from '../cluster/cluster-gateway.js';
import type { RescaleReport } from '../cluster/rescale-request.js';
import type { FileSubmission, SessionGateway } from '../cluster/session-gateway.js';
import type { SamplingOrder, ThreadProfile } from './thread-profile.js';

/**
 * What REST asks of the cluster. Supplied by boot; every call crosses to the control thread and answers plain data.
 * Undefined stands for a job that the cluster does not know.
 */
export interface RestCluster {
  /** Ends the cluster; undefined: it ends with its job, or with the program that has it. */
  readonly shutDown: (() => void) | undefined;
  jobs(): Promise<readonly JobDetails[]>;
  job(jobId: string): Promise<JobDetails | undefined>;
  checkpoints(jobId: string): Promise<CheckpointHistory | undefined>;
  /** Oldest first. */
  failures(jobId: string): Promise<readonly JobFailure[]>;
  jobConfiguration(jobId: string): Promise<JobConfiguration | undefined>;
  /** Why nothing comes out. */
  explain(jobId: string): Promise<JobExplanation | undefined>;
  /** Results by name. */
  accumulators(jobId: string): Promise<Readonly<Record<string, unknown>>>;
  taskManagers(): Promise<readonly RestTaskManager[]>;
  /** One more, as configured; resolves to its id. Rejects with MR4002 if there are as many as there may be. */
  startTaskManager(): Promise<string>;
  /** Rejects with MR7002 if there is none of that id. */
  terminateTaskManager(id: string): Promise<void>;
  /** What the tasks of the present attempt have done. */
  tasks(jobId: string): Promise<readonly RestTask[]>;
  metrics(query: MetricsQuery): Promise<readonly MetricValue[]>;
  /** Where threads of the process spend their time; one that does not answer is left out. One order after another. */
  sampleThreads(order: SamplingOrder): Promise<readonly ThreadProfile[]>;
  /** Log files that there are now. */
  listLogs(owner: LogOwner): Promise<readonly LogFile[]>;
  /** Undefined: there is none of that name. */
  readLog(owner: LogOwner, name: string): Promise<string | undefined>;
  /** All metrics, in Prometheus' text format. */
  prometheus(): Promise<string>;
  cancel(jobId: string): Promise<void>;
  savepoint(jobId: string, request: SavepointRequest): Promise<SavepointAnswer>;
  checkpoint(jobId: string, type: CheckpointType): Promise<CheckpointAnswer>;
  disposeSavepoint(path: string): Promise<void>;
  /** As {@link SessionGateway.submitFile}; `words` is what follows the file in a shell. */
  submitFile(name: string, words: readonly string[], submission: FileSubmission): Promise<SubmissionAnswer>;
  resourceRequirements(jobId: string): Promise<readonly RestParallelism[] | undefined>;
  /**
   * A number is for all vertices whose parallelism the job does not name itself. Resolves, where `waits` says so, when
   * all tasks run so, to what was done; rejects with what speaks against it.
   */
  rescale(
    jobId: string,
    parallelism: number | readonly RestParallelism[],
    waits: boolean,
  ): Promise<RescaleReport | undefined>;
}

/** With how many subtasks a vertex may run. */
export interface RestParallelism {
  readonly vertexId: number;
  readonly lowerBound: number;
  readonly upperBound: number;
}

/** One task; numbers count from the start of its attempt. */
export interface RestTask {
  readonly vertexId: number;
  readonly subtask: number;
  /** Number of its thread in the process; 0: it has none. */
  readonly threadId: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** ms since the epoch; `Watermark.MIN` before the first. */
  readonly watermark: number;
  readonly busyMs: number;
  readonly idleMs: number;
  readonly backPressuredMs: number;
}

export interface RestResource {
  readonly cpuCores: number;
  /** MB, as Flink tells them. */
  readonly taskHeapMemory: number;
  readonly taskOffHeapMemory: number;
  readonly managedMemory: number;
  readonly networkMemory: number;
}

/** Sizes are bytes where nothing else is said. */
export interface RestTaskManager {
  readonly id: string;
  readonly lastHeartbeatMs: number;
  readonly slots: number;
  readonly freeSlots: number;
  readonly totalResource: RestResource;
  readonly freeResource: RestResource;
  readonly hardware: {
    readonly cpuCores: number;
    readonly physicalMemory: number;
    readonly freeMemory: number;
    readonly managedMemory: number;
  };
  readonly memory: RestMemory;
  readonly allocated: readonly { readonly jobId: string; readonly resource: RestResource }[];
  readonly heapMax: number;
  readonly segmentBytes: number;
  readonly segmentsTotal: number;
  readonly segmentsAvailable: number;
}

/** Flink's `memoryConfiguration`, bytes. */
export interface RestMemory {
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
