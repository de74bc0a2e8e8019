import { invariant } from '../base/invariant.js';

/**
 * The states of a job, Flink's words. RUNNING begins when the first attempt is deployed. RESTARTING: an
 * attempt has failed and goes down, or is gone and its restart is due later. SUSPENDED: another process
 * leads the job now; this one touches nothing of it any more.
 */
export type JobStatus =
  | 'CREATED'
  | 'RUNNING'
  | 'RESTARTING'
  | 'FAILING'
  | 'FAILED'
  | 'CANCELLING'
  | 'CANCELED'
  | 'FINISHED'
  | 'SUSPENDED';

const JOB_TRANSITIONS: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  CREATED: ['RUNNING', 'CANCELLING', 'FAILING'],
  RUNNING: ['RESTARTING', 'FAILING', 'CANCELLING', 'FINISHED'],
  RESTARTING: ['RUNNING', 'FAILING', 'CANCELLING'],
  FAILING: ['FAILED', 'SUSPENDED'],
  CANCELLING: ['CANCELED', 'FAILING'],
  FAILED: [],
  CANCELED: [],
  FINISHED: [],
  SUSPENDED: [],
};

/** Terminal is final: nothing happens to the job after. */
export function isTerminal(status: JobStatus): boolean {
  return JOB_TRANSITIONS[status].length === 0;
}

export function checkJobTransition(from: JobStatus, to: JobStatus): void {
  invariant(
    JOB_TRANSITIONS[from].includes(to),
    'a job goes from one state to another only where it is legal',
    {
      from,
      to,
    },
  );
}

/**
 * The states of one task in one attempt, Flink's words. DEPLOYING lasts until the task says that its
 * state is restored and its channels are open.
 */
export type ExecutionState = 'DEPLOYING' | 'RUNNING' | 'FINISHED' | 'CANCELED' | 'FAILED';

const EXECUTION_TRANSITIONS: Readonly<Record<ExecutionState, readonly ExecutionState[]>> = {
  DEPLOYING: ['RUNNING', 'CANCELED', 'FAILED'],
  RUNNING: ['FINISHED', 'CANCELED', 'FAILED'],
  FINISHED: [],
  CANCELED: [],
  FAILED: [],
};

export function checkExecutionTransition(from: ExecutionState, to: ExecutionState, task: string): void {
  invariant(
    EXECUTION_TRANSITIONS[from].includes(to),
    'a task goes from one state to another only where it is legal',
    { task, from, to },
  );
}
