import type { Instant } from '../base/instant.js';
import type { CheckpointCoordinator } from '../checkpoint/checkpoint-coordinator.js';
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

/** What can be seen of a job from outside, as it stands. Changes nothing; all answers are plain data. */
export class JobView {
  readonly #parts: ViewedJob;

  constructor(parts: ViewedJob) {
    this.#parts = parts;
  }

  /** In few numbers. */
  status(): JobStatusSnapshot {
    const { job, record, coordinator, history } = this.#parts;
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
    const checkpoints = this.#parts.coordinator?.describe() ?? 'no checkpoints';
    return `job '${jobName}' ${status}, attempt ${attempt}, ${tasksRunning}/${tasks} tasks running; ${checkpoints}`;
  }

  /** With every task. */
  details(): JobDetails {
    return this.#parts.record.details;
  }

  /** The newest, oldest first. */
  failures(): readonly JobFailure[] {
    return this.#parts.history.failures;
  }

  /** Of the tasks that have finished. */
  accumulators(): Readonly<Record<string, unknown>> {
    return this.#parts.totals.results;
  }

  /** What a job says that ends well at that moment. */
  result(now: Instant): JobRunResult {
    const { jobId, jobName, attempt, checkpoints } = this.status();
    return {
      jobId,
      jobName,
      netRuntimeMs: this.#parts.record.runtimeMs(now),
      attempts: attempt,
      failures: this.failures(),
      checkpoints,
      accumulators: this.accumulators(),
    };
  }
}
