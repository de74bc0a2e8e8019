import type { CheckpointType, SavepointOrder } from '../checkpoint/checkpoint-request-decider.js';
import type { CheckpointStatistics } from '../checkpoint/checkpoint-statistics.js';
import type { StoredJobResult } from '../checkpoint/checkpoint-storage.js';
import type {
  CheckpointTimer,
  CoordinatorEffect,
  CoordinatorJob,
  StorageEvent,
} from '../checkpoint/coordinator-protocol.js';
import type { JobGraph } from '../graph/job-graph.js';
import type { AttemptRestore, PipelinedRegion, TaskEvent } from '../ports/task-launcher.js';
import type { TaskAddress, TaskReport } from '../protocol/control-message.js';
import type { WireError } from '../protocol/wire-error.js';
import type { FailureHistorySettings, JobFailure } from './failure-history.js';
import type { JobRunResult } from './job-execution-result.js';
import type { AcceptedJob } from './job-record.js';
import type { JobStatus } from './job-status.js';
import type { FailoverStrategy } from './pipelined-regions.js';
import type { RescaleConfig } from './rescale-config.js';
import type { RescaleOrder } from './rescale-progress.js';
import type { RescaleOutcome, RescaleRecord } from './rescale-record.js';
import type { SlotConfig } from './slot-claim.js';
import type { GrantedSlot, SlotRequirement, TaskPlacement } from './slot-sharing.js';

/**
 * `restart-due` carries the attempt that failed, `slots-due` the one that waits, `rescale-due` the request; the other
 * two, one each, carry 0.
 */
export type JobTimer =
  | CheckpointTimer
  | {
      readonly name: 'restart-due' | 'slots-due' | 'rescale-due' | 'result-due' | 'closing-deadline';
      readonly id: number;
    };

/** The epoch is 0 without a storage. */
export interface JobMasterJob extends CoordinatorJob, AcceptedJob {
  /** How failures are remembered; undefined: the newest 16, without labels. */
  readonly failures?: FailureHistorySettings | undefined;
  readonly rescaling?: RescaleConfig | undefined;
  /** What is restarted when a task fails; undefined: its region. */
  readonly failoverStrategy?: FailoverStrategy | undefined;
  /** Undefined: nobody deals out slots. */
  readonly slots?: SlotConfig | undefined;
}

/** What the job master is told. The outcome of every effect comes back as one of these. */
export type JobEvent =
  /** Once, first. */
  | { readonly type: 'started' }
  | {
      readonly type: 'launch-failed';
      readonly attempt: number;
      readonly regionId: number;
      readonly error: WireError;
    }
  | { readonly type: 'task'; readonly event: TaskEvent }
  /** `error`: it is not known whether all its threads are gone. */
  | {
      readonly type: 'attempt-terminated';
      readonly attempt: number;
      readonly regionId: number;
      readonly error: WireError | undefined;
    }
  | { readonly type: 'timer'; readonly timer: JobTimer }
  | { readonly type: 'cancel-requested' }
  /** `savepoint`: it is to become one. */
  | {
      readonly type: 'checkpoint-requested';
      readonly requestId: number;
      readonly savepoint?: SavepointOrder | undefined;
      readonly checkpointType?: CheckpointType;
    }
  /** What the job has of the cluster's slots, all of it; `declaration`: its newest one when it was told. */
  | {
      readonly type: 'slots-granted';
      readonly declaration: number;
      readonly slots: readonly GrantedSlot[];
    }
  /** The graph is the job's own at another parallelism, and fits into what there is. */
  | ({ readonly type: 'rescale-requested' } & RescaleOrder)
  | { readonly type: 'result-stored' }
  | { readonly type: 'result-store-failed'; readonly error: WireError }
  | StorageEvent;

/** What is to be done, in this order. */
export type JobEffect =
  | Exclude<CoordinatorEffect, { type: 'arm-timer' | 'cancel-timer' }>
  | { readonly type: 'arm-timer'; readonly timer: JobTimer; readonly delayMs: number }
  | { readonly type: 'cancel-timer'; readonly timer: JobTimer }
  /**
   * What the job needs from now on, and what it gives back of what it has; slots-granted answers, and tells what it has
   * whenever that changes. `declaration`: 1, 2, 3.
   */
  | {
      readonly type: 'declare-slots';
      readonly declaration: number;
      readonly requirements: readonly SlotRequirement[];
      readonly returned: readonly GrantedSlot[];
    }
  /** The tasks of the attempt have no slots yet. */
  | { readonly type: 'slots-missing'; readonly attempt: number }
  /** `TaskLauncher.launch`; task events answer, or launch-failed. */
  | {
      readonly type: 'launch';
      readonly attempt: number;
      readonly region: PipelinedRegion;
      readonly graph: JobGraph;
      readonly restore: AttemptRestore | undefined;
      readonly placement: TaskPlacement | undefined;
    }
  /** `RunningAttempt.terminate`; answered by attempt-terminated. */
  | { readonly type: 'terminate'; readonly attempt: number; readonly regionId: number }
  /** `CheckpointStorage.finish`; answered by result-stored or result-store-failed. */
  | { readonly type: 'store-result'; readonly result: StoredJobResult; readonly keepCheckpoints: boolean }
  /** Every task of the attempt runs. */
  | { readonly type: 'tasks-running'; readonly attempt: number }
  | { readonly type: 'rescale-settled'; readonly requestId: number; readonly outcome: RescaleOutcome }
  /** A report that is data, not control. */
  | { readonly type: 'deliver'; readonly task: TaskAddress; readonly report: DataReport }
  /** The last effect of all; nothing runs any more. */
  | { readonly type: 'settled'; readonly outcome: JobOutcome };

/** What a task tells to whoever started the job, and the job master passes on unread. */
export type DataReport = Extract<TaskReport, { type: 'collected' | 'counters' | 'explained' }>;

export type JobOutcome =
  | { readonly status: 'FINISHED'; readonly result: JobRunResult }
  | { readonly status: 'FAILED' | 'CANCELED' | 'SUSPENDED'; readonly error: WireError };

/** The job at one moment, for people. Plain data. */
export interface JobStatusSnapshot {
  readonly jobId: string;
  readonly jobName: string;
  readonly status: JobStatus;
  /** 0 before the first. */
  readonly attempt: number;
  /** Because of failures. */
  readonly restarts: number;
  /** Changes of the parallelism. */
  readonly rescales: number;
  readonly latestRescale: RescaleRecord | undefined;
  readonly tasksRunning: number;
  readonly tasksFinished: number;
  readonly tasks: number;
  readonly checkpoints: CheckpointStatistics;
  /** Checkpoint that the present attempt began from. */
  readonly restoredCheckpointId: number | undefined;
  readonly lastFailure: JobFailure | undefined;
}
