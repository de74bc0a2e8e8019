/** What can be done to a simulated job. */
export const FAULT_KINDS = [
  'killTask',
  'killProcess',
  'loseTaskManager',
  'requestCheckpoint',
  'stopProcess',
  'cancelJob',
  'suspendJob',
  'rescaleJob',
  'losePower',
  'breakDisk',
  'fillDisk',
  'jumpClock',
  'takeOver',
] as const;

/**
 * What can be done to a simulated job.
 *
 * - `killTask`: the thread of one subtask ends at once.
 * - `killProcess`: as `kill -9` does; another process takes over.
 * - `loseTaskManager`: every second subtask ends in one moment.
 * - `requestCheckpoint`: somebody asks for a checkpoint or a savepoint.
 * - `stopProcess`: as SIGTERM does; another process takes over.
 * - `cancelJob`: somebody cancels the job, and resumes it from its last checkpoint.
 * - `suspendJob`: somebody stops the job with a savepoint, and starts it from that.
 * - `rescaleJob`: somebody has the running job go on at another parallelism.
 * - `losePower`: everything ends, and the disk forgets what was not synced.
 * - `breakDisk`, `fillDisk`: checkpoints and output files cannot be written for a while.
 * - `jumpClock`: the wall clock is set to another time.
 * - `takeOver`: the process stands still, another takes over, and the first one goes on beside it for a while.
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One fault at its place in a simulated run. Plain data: what a failure prints can be put into a test as it is. */
export interface PlannedFault {
  /** It comes after this turn: one step of one task, one disk operation, one message. From 1. */
  readonly turn: number;
  readonly kind: FaultKind;
  /** Of the choices that are left to it, such as which task; a fault that is left out changes those of no other. */
  readonly seed: number;
}
