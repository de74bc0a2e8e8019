import type { JobGraph } from '../graph/job-graph.js';
import type { RuntimeMode } from '../graph/runtime-mode.js';
import type { ExecutionState, JobStatus } from './job-status.js';

/** Wall time at which each state was last entered, ms; 0: never. */
export type StateTimes<S extends string> = Record<S, number>;

/** A job with all its tasks at one moment, for people and programs that watch. Plain data. */
export interface JobDetails {
  /** 32 hexadecimal digits. */
  readonly jobId: string;
  readonly jobName: string;
  readonly status: JobStatus;
  /** Wall time at which it was accepted, ms. */
  readonly startMs: number;
  /** Wall time at which it ended, ms; undefined while it has not. */
  readonly endMs: number | undefined;
  /** Wall time of the newest change of state, of the job or of a task, ms. */
  readonly lastModificationMs: number;
  readonly timestamps: Readonly<StateTimes<JobStatus>>;
  /** How long it was in each state before it came to the present one, ms. */
  readonly spentMs: Readonly<StateTimes<JobStatus>>;
  readonly deploying: DeployingTimes;
  readonly runtimeMode: RuntimeMode;
  /** Of the present deployment, from 1; 0 before the first. */
  readonly attempt: number;
  readonly restarts: number;
  readonly graph: JobGraph;
  /** By vertex id. */
  readonly vertices: readonly VertexDetails[];
}

/** For how long tasks of a running job have been on their way to running, whichever they were. */
export interface DeployingTimes {
  /** Wall time since which some are, ms; undefined: none is. */
  readonly sinceMs: number | undefined;
  /** All times before, ms. */
  readonly spentMs: number;
}

export interface VertexDetails {
  /** By subtask. */
  readonly subtasks: readonly SubtaskDetails[];
}

/** One task of the present attempt. */
export interface SubtaskDetails {
  readonly subtask: number;
  /** The attempt of the job that it belongs to, from 1; 0 before the first. */
  readonly attempt: number;
  readonly state: ExecutionState;
  readonly timestamps: Readonly<StateTimes<ExecutionState>>;
  /** Undefined while it has no slot. */
  readonly taskManagerId: string | undefined;
}

export function neverEntered<S extends string>(states: readonly S[]): StateTimes<S> {
  return Object.fromEntries(states.map((state) => [state, 0])) as StateTimes<S>;
}
