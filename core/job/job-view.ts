import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import type { CheckpointCoordinator } from '../checkpoint/checkpoint-coordinator.js';
import type { CheckpointHistory } from '../checkpoint/checkpoint-history.js';
import { NO_CHECKPOINTS } from '../checkpoint/checkpoint-statistics.js';
import type { JobGraph } from '../graph/job-graph.js';
import type { FailureHistory, JobFailure } from './failure-history.js';
import type { JobDetails } from './job-details.js';
import type { JobRunResult } from './job-execution-result.js';
import type { JobStatusSnapshot } from './job-protocol.js';
import type { AcceptedJob, JobRecord } from './job-record.js';
import type { RescaleProgress } from './rescale-progress.js';
import type { RescaleRecord } from './rescale-record.js';
import type { SavepointStop } from './savepoint-stop.js';

/** The parts of a job's master that hold what is to be seen. */
export interface ViewedJob {
  readonly job: AcceptedJob;
  readonly record: JobRecord;
  readonly coordinator: CheckpointCoordinator | undefined;
  readonly rescale: RescaleProgress;
  readonly stop: SavepointStop;
  readonly history: FailureHistory;
}

/** What was to be seen of a job at its end. */
interface LastLook {
  readonly status: JobStatusSnapshot;
  readonly details: JobDetails;
  readonly checkpoints: CheckpointHistory | undefined;
  readonly failures: readonly JobFailure[];
  readonly rescales: readonly RescaleRecord[];
  readonly accumulators: Readonly<Record<string, unknown>>;
}

/**
 * What can be seen of a job from outside, as it stands. Changes nothing; all answers are plain data.
 *
 * Invariant: once closed it says what it said last, and holds nothing else of the job.
 */
export class JobView {
  #parts: ViewedJob | undefined;
  #last: LastLook | undefined;

  constructor(parts: ViewedJob) {
    this.#parts = parts;
  }

  /** The job has ended. Idempotent. */
  close(): void {
    this.#last ??= {
      status: this.status(),
      details: this.details(),
      checkpoints: this.checkpoints(),
      failures: this.failures(),
      rescales: this.rescales(),
      accumulators: this.accumulators(),
    };
    this.#parts = undefined;
  }

  /** In few numbers. */
  status(): JobStatusSnapshot {
    if (this.#last !== undefined) return this.#last.status;
    const { job, record, coordinator, rescale, history } = this.#open();
    const { executions, attempt, status } = record;
    return {
      jobId: job.jobId,
      jobName: job.graph.name,
      status,
      attempt,
      restarts: record.restarts,
      rescales: rescale.count,
      latestRescale: rescale.records.at(-1),
      tasksRunning: executions?.count('RUNNING') ?? 0,
      tasksFinished: executions?.count('FINISHED') ?? 0,
      tasks: record.graph.vertices.reduce((sum, { parallelism }) => sum + parallelism, 0),
      checkpoints: coordinator?.statistics ?? NO_CHECKPOINTS,
      restoredCheckpointId: executions?.restoredCheckpointId,
      lastFailure: history.latest,
    };
  }

  /** One line for dumps. */
  describe(): string {
    const { jobName, status, attempt, tasksRunning, tasks } = this.status();
    const checkpoints = this.#parts?.coordinator?.describe() ?? 'no checkpoints';
    return `job '${jobName}' ${status}, attempt ${attempt}, ${tasksRunning}/${tasks} tasks running; ${checkpoints}`;
  }

  /** With every task. */
  details(): JobDetails {
    return this.#last?.details ?? this.#open().record.details;
  }

  /** Undefined: it takes none. */
  checkpoints(): CheckpointHistory | undefined {
    return this.#last === undefined ? this.#open().coordinator?.history : this.#last.checkpoints;
  }

  /** The newest, oldest first. */
  failures(): readonly JobFailure[] {
    return this.#last?.failures ?? this.#open().history.failures;
  }

  /** The newest checkpoint that was completed here; 0: there is none yet. Undefined: it takes none. */
  get completedCheckpointId(): number | undefined {
    const { coordinator } = this.#open();
    return coordinator && (coordinator.statistics.latest?.checkpointId ?? 0);
  }

  /** No task of it runs, or those that do are going down for another attempt. */
  get isDown(): boolean {
    const { executions } = this.#open().record;
    return executions === undefined || !(executions.allFinished || executions.anyAlive);
  }

  get isEnding(): boolean {
    const { status, isOver } = this.#open().record;
    return status === 'FAILING' || status === 'CANCELLING' || isOver;
  }

  /** What the present attempt runs, or the first one if there is none yet. */
  graph(): JobGraph {
    return this.#last?.details.graph ?? this.#open().record.graph;
  }

  /** The newest, oldest first. */
  rescales(): readonly RescaleRecord[] {
    return this.#last?.rescales ?? this.#open().rescale.records;
  }

  /** Of the tasks that have finished. */
  accumulators(): Readonly<Record<string, unknown>> {
    return this.#last?.accumulators ?? this.#open().record.executions?.accumulators.results ?? {};
  }

  /** What a job says that ends well at that moment. */
  result(now: Instant): JobRunResult {
    const { jobId, jobName, attempt, restarts, checkpoints } = this.status();
    return {
      jobId,
      jobName,
      netRuntimeMs: this.#open().record.runtimeMs(now),
      attempts: attempt,
      restarts,
      failures: this.failures(),
      checkpoints,
      accumulators: this.accumulators(),
      savepointPath: this.#open().stop.path,
    };
  }

  #open(): ViewedJob {
    invariant(this.#parts !== undefined, 'a job is looked at before it has ended, or as it was then');
    return this.#parts;
  }
}
