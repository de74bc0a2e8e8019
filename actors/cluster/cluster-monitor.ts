import type { CheckpointHistory, JobConfiguration, JobDetails, JobFailure } from '../../core/internal.js';

/**
 * What can be seen of the jobs of a cluster: those that run, those that are being initialized, and of those that have
 * ended the newest (`jobstore.max-capacity`, `jobstore.expiration-time`). Answers are plain data; asking changes
 * nothing. Undefined, or empty: the job is not known.
 */
export interface ClusterMonitor {
  /** In the order of their submission, those that have ended after the others. */
  jobs(): readonly JobDetails[];
  job(jobId: string): JobDetails | undefined;
  /** Undefined also for a job that takes none. */
  checkpoints(jobId: string): CheckpointHistory | undefined;
  /** Oldest first; at most `web.exception-history-size`. */
  failures(jobId: string): readonly JobFailure[];
  jobConfiguration(jobId: string): JobConfiguration | undefined;
  /** Results by name, of the tasks that have finished: numbers, lists, or Maps from value to count. */
  accumulators(jobId: string): Readonly<Record<string, unknown>>;
}
