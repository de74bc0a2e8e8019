/**
 * Work is a step, not a loop. Whoever runs a tasklet (a thread, or the simulator) calls `runOnce` again and
 * again until `Done`; only the runner loops, waits or owns a thread.
 */
export const Progress = {
  /** Nothing could be done: every input is empty or every output is full. Wait for the doorbell or mail. */
  IDLE: 0,
  /** Something was done; call again. */
  MADE: 1,
  /** A step awaits a completion: serve mail, do not take records. */
  WAITING: 2,
  /** The tasklet has ended; it must not be called again. */
  DONE: 3,
} as const;

export type Progress = (typeof Progress)[keyof typeof Progress];

export interface Tasklet {
  /**
   * Does at most about `budget` records of work, synchronously, and returns.
   *
   * @throws whatever fails the task; the runner reports it and does not call again
   */
  runOnce(budget: number): Progress;
}
