import type { Instant } from '../base/instant.js';
import { traceEvent } from '../checkpoint/coordinator-effects.js';
import type { JobGraph } from '../graph/job-graph.js';
import type { TraceEvent } from '../ports/trace.js';
import type { ExecutionGraph } from './execution-graph.js';
import {
  type DeployingTimes,
  type JobDetails,
  neverEntered,
  type StateTimes,
  type VertexDetails,
} from './job-details.js';
import {
  checkJobTransition,
  EXECUTION_STATES,
  isTerminal,
  JOB_STATUSES,
  type JobStatus,
} from './job-status.js';

/** A job that was accepted. */
export interface AcceptedJob {
  readonly jobId: string;
  readonly graph: JobGraph;
  /** Wall time at which it was, ms. */
  readonly acceptedMs: number;
}

/**
 * What a job is at the moment, and since when: what happens to it is decided by others.
 *
 * Invariants: it begins as INITIALIZING; states change along the table only; the time at which each was last entered
 * is kept, and how long it was in each, and how long some of its tasks were being deployed.
 */
export class JobRecord {
  readonly #job: AcceptedJob;
  readonly #enteredMs: StateTimes<JobStatus> = neverEntered(JOB_STATUSES);
  readonly #spentMs: StateTimes<JobStatus> = neverEntered(JOB_STATUSES);
  #status: JobStatus = 'INITIALIZING';
  #deploying: DeployingTimes = { sinceMs: undefined, spentMs: 0 };
  #createdMs = 0;
  #executions: ExecutionGraph | undefined;
  /** Attempts that took the place of one that had not failed. */
  #replacements = 0;

  constructor(job: AcceptedJob) {
    this.#job = job;
    this.#enteredMs.INITIALIZING = job.acceptedMs;
  }

  get status(): JobStatus {
    return this.#status;
  }

  get isCancellable(): boolean {
    return this.#status === 'RUNNING' || this.#status === 'RESTARTING' || this.#status === 'CREATED';
  }

  /** Nothing happens to it any more. */
  get isOver(): boolean {
    return isTerminal(this.#status);
  }

  /** Of the present attempt; undefined before the first. */
  get executions(): ExecutionGraph | undefined {
    return this.#executions;
  }

  /** `replaces`: an attempt that had not failed. */
  onDeployed(executions: ExecutionGraph, replaces: boolean): void {
    this.#executions = executions;
    if (replaces) this.#replacements++;
  }

  /** Some of its tasks are on their way to running, or were when it last {@link onTasksChanged | heard of them}. */
  get isDeploying(): boolean {
    return this.#deploying.sinceMs !== undefined;
  }

  /** Tasks have been deployed, or have changed since. */
  onTasksChanged({ wallMs }: Instant): void {
    const { sinceMs, spentMs } = this.#deploying;
    const isDeploying = this.#status === 'RUNNING' && this.#executions?.anyDeploying === true;
    if (isDeploying) this.#deploying = { sinceMs: sinceMs ?? wallMs, spentMs };
    else if (sinceMs !== undefined)
      this.#deploying = { sinceMs: undefined, spentMs: spentMs + Math.max(0, wallMs - sinceMs) };
  }

  /** Of the present attempt; 0 before the first. */
  get attempt(): number {
    return this.executions?.attempt ?? 0;
  }

  to(
    status: JobStatus,
    now: Instant,
    effects: { push(effect: { readonly type: 'trace'; readonly event: TraceEvent }): unknown },
  ): void {
    checkJobTransition(this.#status, status);
    traceEvent('job.status', { from: this.#status, to: status, attempt: this.attempt }, effects);
    this.#spentMs[this.#status] += Math.max(0, now.wallMs - this.#enteredMs[this.#status]);
    this.#status = status;
    this.#enteredMs[status] = now.wallMs;
    if (status === 'CREATED') this.#createdMs = now.monotonicMs;
  }

  /** Since it was created. */
  runtimeMs(now: Instant): number {
    return now.monotonicMs - this.#createdMs;
  }

  /** That of the present attempt, or of the first. */
  get graph(): JobGraph {
    return this.executions?.graph ?? this.#job.graph;
  }

  /** Because of failures. */
  get restarts(): number {
    return Math.max(0, this.attempt - 1 - this.#replacements);
  }

  get details(): JobDetails {
    const { jobId, acceptedMs } = this.#job;
    const { graph } = this;
    const vertices = this.executions?.details ?? undeployed(graph);
    const changes = vertices.flatMap(({ subtasks }) =>
      subtasks.flatMap(({ timestamps }) => Object.values(timestamps)),
    );
    return {
      jobId,
      jobName: graph.name,
      status: this.#status,
      startMs: acceptedMs,
      endMs: this.isOver ? this.#enteredMs[this.#status] : undefined,
      lastModificationMs: Math.max(...Object.values(this.#enteredMs), ...changes),
      timestamps: { ...this.#enteredMs },
      spentMs: { ...this.#spentMs },
      deploying: this.#deploying,
      runtimeMode: graph.runtimeMode,
      attempt: this.attempt,
      restarts: this.restarts,
      graph,
      vertices,
    };
  }
}

function undeployed(graph: JobGraph): VertexDetails[] {
  return graph.vertices.map(({ parallelism }) => ({
    subtasks: Array.from({ length: parallelism }, (_, subtask) => ({
      subtask,
      attempt: 0,
      state: 'CREATED',
      timestamps: neverEntered(EXECUTION_STATES),
      taskManagerId: undefined,
    })),
  }));
}
