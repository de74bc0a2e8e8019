import type { CheckpointDeclineReason } from '../checkpoint/checkpoint-failure-reason.js';
import type { CheckpointKind, SubtaskSnapshot } from '../checkpoint/snapshot-handle.js';
import type { AccumulatorsByUid } from '../job/accumulator-totals.js';
import type { OperatorEventTime } from './event-time-report.js';
import type { WireError } from './wire-error.js';

/**
 * The only union of messages between the job master and its tasks. All are plain data. Each crosses with
 * the address of its task, whose `attempt` lets both sides ignore what an older attempt still says.
 */
export interface TaskAddress {
  readonly jobId: string;
  readonly attempt: number;
  readonly vertexId: number;
  readonly subtask: number;
}

/** Job master to task. Read in order, between steps. */
export type TaskMessage =
  /** To every source subtask: take a snapshot and send the barrier. */
  | {
      readonly type: 'trigger-checkpoint';
      readonly checkpointId: number;
      /** Wall time, ms. */
      readonly timestamp: number;
      readonly kind: CheckpointKind;
      /** A source takes nothing more after its snapshot, until `resume` or the abort of this checkpoint. */
      readonly suspends?: boolean;
    }
  /** To a source that a checkpoint has suspended: the job goes on after all. */
  | { readonly type: 'resume' }
  /** To every source subtask: its input ends here, as if no more would ever come. */
  | { readonly type: 'drain' }
  /** To every task, after a checkpoint has suspended the sources and is complete: commit what it holds, and end. */
  | { readonly type: 'finish' }
  /** To every task with keyed state, before the triggers: its snapshot is to build on no other. */
  | { readonly type: 'prepare-full-snapshot'; readonly checkpointId: number }
  /** To subtask 0 of every source, before the triggers. */
  | { readonly type: 'snapshot-enumerator'; readonly checkpointId: number }
  | { readonly type: 'checkpoint-completed'; readonly checkpointId: number }
  | { readonly type: 'checkpoint-aborted'; readonly checkpointId: number }
  /** Of a batch: all tasks have processed their data, whose results are final. */
  | { readonly type: 'commit' }
  /** From the enumerator, to a reader. */
  | { readonly type: 'splits-assigned'; readonly splits: readonly unknown[] }
  | { readonly type: 'no-more-splits' }
  /** From a reader, to the enumerator's subtask. */
  | { readonly type: 'split-requested'; readonly subtask: number }
  /** From a reader that ended before it was told that no more splits follow. */
  | { readonly type: 'reader-ended'; readonly subtask: number }
  /** To every subtask of an alignment group: the least watermark of the group. */
  | { readonly type: 'watermark-aligned'; readonly watermark: number }
  /** Answered by `explained`, by every task that is open. */
  | { readonly type: 'explain'; readonly requestId: number }
  | { readonly type: 'cancel' };

/** Task to job master. */
export type TaskReport =
  /** It is on its thread, which has built the job; state is restored and channels are opened from now on. */
  | { readonly type: 'initializing' }
  /** State is restored, channels are open; records flow from now on. */
  | { readonly type: 'running' }
  /** The task has processed the end of its input and waits for the final checkpoint, or, of a batch, to commit. */
  | { readonly type: 'data-finished' }
  /** The task has ended as it should; its thread goes. */
  | { readonly type: 'finished'; readonly accumulators?: AccumulatorsByUid }
  | { readonly type: 'canceled' }
  | { readonly type: 'failed'; readonly error: WireError }
  | {
      readonly type: 'checkpoint-acknowledged';
      readonly checkpointId: number;
      readonly snapshot: SubtaskSnapshot;
      readonly metrics: CheckpointMetrics;
    }
  | {
      readonly type: 'checkpoint-declined';
      readonly checkpointId: number;
      readonly reason: CheckpointDeclineReason;
      readonly error: WireError;
    }
  | { readonly type: 'full-snapshot-prepared'; readonly checkpointId: number }
  | { readonly type: 'enumerator-snapshot'; readonly checkpointId: number; readonly state: Uint8Array }
  /** From the enumerator: whether its source reads what had piled up before now, and freshness matters less. */
  | { readonly type: 'backlog-reported'; readonly isProcessingBacklog: boolean }
  | { readonly type: 'splits-assigned'; readonly subtask: number; readonly splits: readonly unknown[] }
  | { readonly type: 'no-more-splits'; readonly subtask: number }
  | { readonly type: 'split-requested' }
  | { readonly type: 'reader-ended' }
  /** Counters of the task since the start of its attempt, `<uid>.<name>`: with each snapshot, and at its end. */
  | { readonly type: 'counters'; readonly values: Readonly<Record<string, number>> }
  /** Where a subtask of an aligned source is; Watermark.MAX: idle, or at its end. */
  | { readonly type: 'watermark-reported'; readonly group: string; readonly watermark: number }
  /** By operator of the task. */
  | {
      readonly type: 'explained';
      readonly requestId: number;
      readonly operators: readonly OperatorEventTime[];
    }
  /** Values for who started the job, committed or (without checkpointing) at the end; `sequence` is of `writer`. */
  | {
      readonly type: 'collected';
      readonly uid: string;
      readonly writer: string;
      readonly sequence: number;
      readonly values: readonly unknown[];
    };

export interface CheckpointMetrics {
  /** From the trigger to the first barrier, or word of it, ms; by the wall clock. */
  readonly startDelayMs: number;
  /** First barrier, or word of it, to the snapshot, ms. */
  readonly alignmentMs: number;
  /** Pause of the task: last barrier to the next record, ms. */
  readonly syncMs: number;
  readonly asyncMs: number;
  /** Bytes that this checkpoint wrote. */
  readonly checkpointedBytes: number;
  /** Bytes that it refers to, of older checkpoints too. */
  readonly stateBytes: number;
  /** Bytes that the task processed between the first barrier and the snapshot. */
  readonly processedBytes: number;
  /** In-flight data that the checkpoint holds. */
  readonly persistedBytes: number;
  /** The snapshot was taken ahead of barriers. */
  readonly unaligned: boolean;
}
