/**
 * Why a checkpoint did not complete, or was not begun. `counted`: it counts against the tolerable failures;
 * the others say nothing about whether the next one would succeed.
 */
export const CHECKPOINT_FAILURE_REASONS = {
  CHECKPOINT_DECLINED: { counted: true, text: 'a task declined it' },
  CHECKPOINT_DECLINED_SUBSUMED: {
    counted: false,
    text: 'a task saw the barrier of a newer one before all of its own',
  },
  CHECKPOINT_EXPIRED: { counted: true, text: 'it expired before it was complete' },
  FINALIZE_CHECKPOINT_FAILURE: { counted: true, text: 'it could not be stored' },
  CHECKPOINT_SUBSUMED: { counted: false, text: 'a newer one completed first' },
  CHECKPOINT_DECLINED_TASK_CLOSING: {
    counted: false,
    text: 'some but not all subtasks of an operator with union state have ended',
  },
  NOT_ALL_REQUIRED_TASKS_RUNNING: { counted: false, text: 'not all tasks were running' },
  MINIMUM_TIME_BETWEEN_CHECKPOINTS: { counted: false, text: 'the minimum pause had not passed' },
  TOO_MANY_CHECKPOINT_REQUESTS: { counted: false, text: 'too many checkpoints were asked for' },
  JOB_FAILOVER_REGION: { counted: false, text: 'some of its tasks were restarted' },
  JOB_FAILURE: { counted: false, text: 'the attempt failed' },
  CHECKPOINT_COORDINATOR_SHUTDOWN: { counted: false, text: 'the job ended' },
} as const satisfies Record<string, { readonly counted: boolean; readonly text: string }>;

export type CheckpointFailureReason = keyof typeof CHECKPOINT_FAILURE_REASONS;

/** Why a task declines a checkpoint. */
export type CheckpointDeclineReason = Extract<
  CheckpointFailureReason,
  'CHECKPOINT_DECLINED' | 'CHECKPOINT_DECLINED_SUBSUMED'
>;
