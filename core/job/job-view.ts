import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import type { CheckpointCoordinator } from '../checkpoint/checkpoint-coordinator.js';
import type { CheckpointHistory } from '../checkpoint/checkpoint-history.js';
import { NO_CHECKPOINTS } from '../checkpoint/checkpoint-statistics.js';
import type { AccumulatorTotals } from './accumulator-totals.js';
import type { FailureHistory, JobFailure } from './failure-history.js';
import type { JobDetails } from './job-details.js';
import type { JobRunResult } from './job-execution-result.js';
import type { JobStatusSnapshot } from './job-protocol.js';
import type { AcceptedJob, JobRecord } from './job-record.js';

/** The parts of a job's master that hold what is to be seen. */
export interface ViewedJob {
  readonly job: AcceptedJob;
  readonly record: JobRecord;
  readonly coordinator: CheckpointCoordinator | undefined;
  readonly history: FailureHistory;
  readonly totals: AccumulatorTotals;
}

/** What was to be seen of a job at its end. */
interface LastLook {
  readonly status: JobStatusSnapshot;
  readonly details: JobDetails;
  readonly checkpoints: CheckpointHistory | undefined;
  readonly failures: readonly JobFailure[];
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
      accumulators: this.accumulators(),
    };
    this.#parts = undefined;
  }

  /** In few numbers. */
  status(): JobStatusSnapshot {
    if (this.#last !== undefined) return this.#last.status;
    const { job, record, coordinator, history } = this.#open();
    const { executions, attempt, status } = record;
    return {
      jobId: job.jobId,
      jobName: job.graph.name,
      status,
      attempt,
      restarts: Math.max(0, attempt - 1),
      tasksRunning: executions?.count('RUNNING') ?? 0,
      tasksFinished: executions?.count('FINISHED') ?? 0,
      tasks: job.graph.vertices.reduce((sum, { parallelism }) => sum + parallelism, 0),
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

  /** Of the tasks that have finished. */
  accumulators(): Readonly<Record<string, unknown>> {
    return this.#last?.accumulators ?? this.#open().totals.results;
  }

  /** What a job says that ends well at that moment. */
  result(now: Instant): JobRunResult {
    const { jobId, jobName, attempt, checkpoints } = this.status();
    return {
      jobId,
      jobName,
      netRuntimeMs: this.#open().record.runtimeMs(now),
      attempts: attempt,
      failures: this.failures(),
      checkpoints,
      accumulators: this.accumulators(),
    };
  }

  #open(): ViewedJob {
    invariant(this.#parts !== undefined, 'a job is looked at before it has ended, or as it was then');
    return this.#parts;
  }
}
