import type { CheckpointStatistics } from '../checkpoint/checkpoint-statistics.js';
import type { JobFailure } from './failure-history.js';

/** What a job that ended well says of itself. Plain data. */
export interface JobExecutionResult {
  readonly jobId: string;
  readonly jobName: string;
  /** From submission to the end, ms. */
  readonly netRuntimeMs: number;
  /** Attempts that were deployed; 1 for a job that never failed. */
  readonly attempts: number;
  /** The newest failures, oldest first, with how long each recovery took. */
  readonly failures: readonly JobFailure[];
  readonly checkpoints: CheckpointStatistics;
}
