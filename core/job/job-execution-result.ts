import type { CheckpointStatistics } from '../checkpoint/checkpoint-statistics.js';
import type { JobFailure } from './failure-history.js';

/** What the job master knows of a job that ended well. Plain data. */
export interface JobRunResult {
  readonly jobId: string;
  readonly jobName: string;
  /** From submission to the end, ms. */
  readonly netRuntimeMs: number;
  /** Attempts that were deployed; 1 for a job that never failed and was not rescaled. */
  readonly attempts: number;
  /** Of them those that followed a failure. */
  readonly restarts: number;
  /** The newest failures, oldest first, with how long each recovery took. */
  readonly failures: readonly JobFailure[];
  readonly checkpoints: CheckpointStatistics;
  /** Results of the job's accumulators by name: numbers, lists, or Maps from value to count. */
  readonly accumulators: Readonly<Record<string, unknown>>;
  /** The savepoint with which the job was stopped; undefined: it came to its end. */
  readonly savepointPath: string | undefined;
}

/** What a job that ended well says of itself. Plain data. */
export interface JobExecutionResult extends JobRunResult {
  /**
   * Counters by `<uid>.<name>`, summed over the subtasks: `numRecordsSkipped` of sources whose `onError` passes
   * over malformed input, `numLateRecordsDropped` of windows, and what functions count by `ctx.counter(name)`.
   * They hold all attempts of this process: what is read again after a failure counts again.
   */
  readonly metrics: Readonly<Record<string, number>>;
}
