import type {
  CheckpointStorage,
  Clock,
  DataReport,
  GrantedSlot,
  JobTimer,
  Prng,
  SlotRequirement,
  TaskAddress,
  TaskLauncher,
  Timers,
  Trace,
} from '../../core/internal.js';

/** The world as the master of one job reaches it. */
export interface JobMasterPorts {
  readonly launcher: TaskLauncher;
  /** Present exactly when the job takes checkpoints. */
  readonly storage: CheckpointStorage | undefined;
  readonly clock: Clock;
  /** Timers that hand their tokens to `deliver`, never from inside `arm`. */
  createTimers(deliver: (timer: JobTimer) => void): Timers<JobTimer>;
  readonly trace: Trace;
  /** Draws the jitter of the restart strategy. */
  readonly jitter: Prng;
  readonly listener: JobListener;
  /** Undefined: the job needs no slots. */
  readonly slots?: JobSlots | undefined;
}

/** The cluster's slots, as one job asks for them. */
export interface JobSlots {
  /**
   * What it needs from now on, and what it gives back. Who asked last is told what it has, all of it: before this
   * returns, and whenever that changes.
   */
  declare(
    requirements: readonly SlotRequirement[],
    returned: readonly GrantedSlot[],
    onGranted: (slots: readonly GrantedSlot[]) => void,
  ): void;
}

/** Who hears what a job yields while it runs. Called on the thread of the job master; must not throw. */
export interface JobListener {
  /** All tasks of an attempt run: a moment to prepare for the next one. */
  onTasksRunning(attempt: number): void;
  /** The tasks of an attempt wait for their slots. */
  onSlotsMissing?(attempt: number): void;
  /**
   * As the task reported it. What a restarted task collects again is told by `uid`, `writer` and `sequence`.
   */
  onData(task: TaskAddress, report: DataReport): void;
}
