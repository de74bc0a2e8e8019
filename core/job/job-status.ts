import { invariant } from '../base/invariant.js';

/**
 * The states of a job, Flink's words. INITIALIZING: it was accepted, and where its checkpoints lie is being asked what
 * it goes on from. RUNNING begins when the first attempt is deployed. RESTARTING: an attempt has failed and goes down,
 * or is gone and its restart is due later. SUSPENDED: another process leads the job now; this one touches nothing of
 * it any more.
 */
export type JobStatus =
  | 'INITIALIZING'
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
  INITIALIZING: ['CREATED', 'FAILED'],
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

/** In Flink's order. */
export const JOB_STATUSES = Object.keys(JOB_TRANSITIONS) as readonly JobStatus[];

/**
 * The states of one task in one attempt, Flink's words. CREATED: it belongs to an attempt that has not begun.
 * SCHEDULED: it waits for its slot. DEPLOYING: it was given to a thread, which builds the job. INITIALIZING: it
 * restores its state and opens its functions and channels. CANCELING: it was told to end before its time.
 */
export type ExecutionState =
  | 'CREATED'
  | 'SCHEDULED'
  | 'DEPLOYING'
  | 'INITIALIZING'
  | 'RUNNING'
  | 'FINISHED'
  | 'CANCELING'
  | 'CANCELED'
  | 'FAILED';

/** Whatever a task says of its end after it was told to cancel, it was cancelled, as in Flink. */
const EXECUTION_TRANSITIONS: Readonly<Record<ExecutionState, readonly ExecutionState[]>> = {
  CREATED: ['SCHEDULED', 'CANCELED', 'FAILED'],
  SCHEDULED: ['DEPLOYING', 'CANCELED', 'FAILED'],
  DEPLOYING: ['INITIALIZING', 'CANCELING', 'FAILED'],
  INITIALIZING: ['RUNNING', 'CANCELING', 'FAILED'],
  RUNNING: ['FINISHED', 'CANCELING', 'FAILED'],
  CANCELING: ['CANCELED'],
  FINISHED: [],
  CANCELED: [],
  FAILED: [],
};

/** In Flink's order. */
export const EXECUTION_STATES = Object.keys(EXECUTION_TRANSITIONS) as readonly ExecutionState[];

/** Nothing of the task runs or will run. */
export function isExecutionEnd(state: ExecutionState): boolean {
  return EXECUTION_TRANSITIONS[state].length === 0;
}

export function checkExecutionTransition(from: ExecutionState, to: ExecutionState, task: string): void {
  invariant(
    EXECUTION_TRANSITIONS[from].includes(to),
    'a task goes from one state to another only where it is legal',
    { task, from, to },
  );
}
