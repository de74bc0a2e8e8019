import type { JobGraph } from '../graph/job-graph.js';
import type { Execution, ExecutionGraph } from '../job/execution-graph.js';
import type { StateFileHandle } from '../ports/keyed-state-store.js';
import type { TraceEvent } from '../ports/trace.js';
import type { CheckpointMetrics, TaskAddress, TaskMessage } from '../protocol/control-message.js';
import type { WireError } from '../protocol/wire-error.js';
import type { CheckpointDeclineReason, CheckpointFailureReason } from './checkpoint-failure-reason.js';
import type { CheckpointType, SavepointOrder } from './checkpoint-request-decider.js';
import type { CheckpointManifest, SubtaskSnapshot } from './snapshot-handle.js';

/**
 * Timers are told apart by name and id. `checkpoint-due` and `final-checkpoint-due` carry the attempt, the
 * others the checkpoint.
 */
export interface CheckpointTimer {
  readonly name: 'checkpoint-due' | 'final-checkpoint-due' | 'checkpoint-timeout' | 'checkpoint-outcome-due';
  readonly id: number;
}

export interface CoordinatorJob {
  readonly graph: JobGraph;
  readonly epoch: number;
  /** What the job was started from. */
  readonly restored: CheckpointManifest | undefined;
  /** Where that lies, as far as anybody could reach it. */
  readonly restoredFrom?: string | undefined;
  /** Above every id that this job has used; one above the restored one when undefined. */
  readonly firstCheckpointId: number | undefined;
}

export type EventOf<T extends CoordinatorEvent['type']> = Extract<CoordinatorEvent, { type: T }>;

/** What the coordinator is told. The outcome of every effect comes back as one of these. */
export type CoordinatorEvent =
  /** Every task of the attempt runs (or has finished). */
  | { readonly type: 'attempt-running'; readonly executions: ExecutionGraph }
  | { readonly type: 'attempt-failing' }
  /** Some of its tasks are restarted; attempt-running tells when all run again. */
  | { readonly type: 'regions-failing' }
  /** Nothing of the attempt runs any more. */
  | { readonly type: 'attempt-gone' }
  | { readonly type: 'stopped' }
  | { readonly type: 'task-data-finished' }
  | { readonly type: 'task-finished'; readonly execution: Execution }
  | {
      readonly type: 'acknowledged';
      readonly task: TaskAddress;
      readonly checkpointId: number;
      readonly snapshot: SubtaskSnapshot;
      readonly metrics: CheckpointMetrics;
    }
  | {
      readonly type: 'declined';
      readonly task: TaskAddress;
      readonly checkpointId: number;
      readonly reason: CheckpointDeclineReason;
      readonly error: WireError;
    }
  | {
      readonly type: 'enumerator-snapshot';
      readonly task: TaskAddress;
      readonly checkpointId: number;
      readonly state: Uint8Array;
    }
  | { readonly type: 'full-snapshot-prepared'; readonly task: TaskAddress; readonly checkpointId: number }
  | { readonly type: 'backlog-reported'; readonly task: TaskAddress; readonly isProcessingBacklog: boolean }
  | {
      readonly type: 'requested';
      readonly requestId: number;
      readonly savepoint?: SavepointOrder | undefined;
      readonly checkpointType?: CheckpointType;
    }
  | { readonly type: 'timer'; readonly timer: CheckpointTimer }
  | StorageEvent;

/** How the checkpoint storage answered. */
export type StorageEvent =
  | StoreEvent
  | SavepointEvent
  | { readonly type: 'checkpoints-retained'; readonly error: WireError | undefined }
  | { readonly type: 'files-discarded'; readonly error: WireError | undefined };

/** What became of a checkpoint that was handed over. */
export type StoreEvent =
  /** `path`: where it lies, as `-s` takes it. */
  | { readonly type: 'checkpoint-stored'; readonly checkpointId: number; readonly path?: string | undefined }
  | { readonly type: 'checkpoint-store-failed'; readonly checkpointId: number; readonly error: WireError }
  | { readonly type: 'checkpoint-outcome'; readonly checkpointId: number; readonly completed: boolean }
  | { readonly type: 'checkpoint-outcome-failed'; readonly checkpointId: number; readonly error: WireError };

/** What became of a savepoint that was to be copied. `path`: where it lies. */
export type SavepointEvent =
  | { readonly type: 'savepoint-exported'; readonly checkpointId: number; readonly path: string }
  | { readonly type: 'savepoint-export-failed'; readonly checkpointId: number; readonly error: WireError };

/** What is to be done, in this order. */
export type CoordinatorEffect =
  | { readonly type: 'send'; readonly task: TaskAddress; readonly message: TaskMessage }
  /** Replaces an armed timer of the same name and id. */
  | { readonly type: 'arm-timer'; readonly timer: CheckpointTimer; readonly delayMs: number }
  | { readonly type: 'cancel-timer'; readonly timer: CheckpointTimer }
  /** `CheckpointStorage.complete`; answered by checkpoint-stored or checkpoint-store-failed. */
  | { readonly type: 'store-checkpoint'; readonly manifest: CheckpointManifest }
  /** `CheckpointStorage.resolveUnknown`; answered by checkpoint-outcome or checkpoint-outcome-failed. */
  | { readonly type: 'resolve-checkpoint'; readonly checkpointId: number }
  /** `CheckpointStorage.exportSavepoint`; answered by savepoint-exported or savepoint-export-failed. */
  | { readonly type: 'export-savepoint'; readonly manifest: CheckpointManifest; readonly folder: string }
  /** Answered by checkpoints-retained. */
  | { readonly type: 'retain-checkpoints'; readonly count: number; readonly underWay: readonly number[] }
  /** Answered by files-discarded. */
  | {
      readonly type: 'discard-files';
      readonly checkpointId: number;
      readonly files: readonly StateFileHandle[];
    }
  | {
      readonly type: 'request-settled';
      readonly requestId: number;
      readonly outcome: CheckpointRequestOutcome;
    }
  | { readonly type: 'trace'; readonly event: TraceEvent };

export type CheckpointRequestOutcome =
  | { readonly completed: true; readonly checkpointId: number; readonly savepointPath?: string }
  | {
      readonly completed: false;
      readonly reason: CheckpointFailureReason;
      readonly error?: WireError | undefined;
    };

/**
 * What the coordinator wants of its job; at most one for an event, the gravest. `fatal`: no restart can
 * help. `leadership-lost`: this process must stop and touch nothing. `stop`: the savepoint with which the job
 * was to end lies where it should; who asked for it is to be told when the job has ended.
 */
export type CoordinatorVerdict =
  | { readonly type: 'stop'; readonly stopped: StopWithSavepoint }
  | { readonly type: 'fail-job'; readonly error: WireError; readonly fatal: boolean }
  | { readonly type: 'leadership-lost'; readonly error: WireError };

/** A savepoint with which a job ends. */
export interface StopWithSavepoint {
  readonly requestId: number;
  readonly checkpointId: number;
  readonly path: string;
}
