import type { InFlightRestore } from '../checkpoint/in-flight-assignment.js';
import type { SubtaskSnapshot } from '../checkpoint/snapshot-handle.js';
import type { JobGraph } from '../graph/job-graph.js';
import type { AccumulatorsByUid } from '../job/accumulator-totals.js';
import type { TaskPlacement } from '../job/slot-sharing.js';
import type { TaskAddress, TaskMessage, TaskReport } from '../protocol/control-message.js';

/**
 * Starts the tasks of one attempt of a job, a region at a time: on worker threads in production, in place in the
 * simulator. The launcher makes the channels between them, sized by the memory plan.
 */
export interface TaskLauncher {
  /**
   * Starts every task of the region. Events come later, never from inside this call.
   *
   * @throws MillraceError MR4004 or MR4005, before anything has started, if the plan does not hold the job
   */
  launch(attempt: AttemptDescription, onEvent: (event: TaskEvent) => void): RunningAttempt;
}

/** Tasks that exchange data with each other and with nobody else: they are started, and fail, together. Plain data. */
export interface PipelinedRegion {
  /** From 0, in its graph. */
  readonly id: number;
  /** By vertex id, then subtask: whether the task belongs to it. */
  readonly subtasks: readonly (readonly boolean[])[];
}

export interface AttemptDescription {
  readonly jobId: string;
  readonly attempt: number;
  readonly epoch: number;
  /** Whose tasks are started. Nothing of it runs any more. */
  readonly region: PipelinedRegion;
  readonly graph: JobGraph;
  /** What to restore, or undefined to start from the beginning. */
  readonly restore: AttemptRestore | undefined;
  /** In whose slots its tasks run; undefined: nobody deals out slots. */
  readonly placement?: TaskPlacement | undefined;
}

export interface AttemptRestore {
  readonly checkpointId: number;
  /** By vertex id, then subtask; `finished` subtasks are not deployed: their channels begin at the end. */
  readonly subtasks: readonly (readonly (SubtaskSnapshot | 'finished')[])[];
  /** By vertex id, then subtask: what each reads before any new input. */
  readonly inFlight: readonly (readonly (InFlightRestore | undefined)[])[];
  /** By vertex id. */
  readonly enumerators: readonly (Uint8Array | undefined)[];
  /** The input had been ended for good: sources take nothing. */
  readonly drained: boolean;
  /** What subtasks had accumulated that had ended; no subtask is given it. */
  readonly accumulated: AccumulatorsByUid;
}

/** The tasks of one region in one attempt. */
export interface RunningAttempt {
  /** Delivered in order per task; dropped if the task has ended. */
  send(task: TaskAddress, message: TaskMessage): void;
  /**
   * Ends every task that has not ended by itself, by force if need be. Resolves when no thread of these
   * runs any more and its memory is free. Idempotent.
   */
  terminate(): Promise<void>;
}

/** `exited` comes exactly once for every task, after its last report; nothing of it runs any more. */
export type TaskEvent =
  | { readonly type: 'report'; readonly task: TaskAddress; readonly report: TaskReport }
  | { readonly type: 'exited'; readonly task: TaskAddress; readonly error: unknown };
