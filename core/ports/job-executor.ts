import type { JobDefinition } from '../api/define-job.js';
import type { JobParameterInput } from '../api/job-parameters.js';
import type { JobExecutionResult } from '../job/job-execution-result.js';

/**
 * Runs jobs. A job only describes; whoever has threads supplies this, so that nothing in the description
 * needs to know of them.
 */
export interface JobExecutor<OptionsT> {
  /** Runs the job to its end. Rejects with the failure of the job. */
  execute(
    job: JobDefinition<OptionsT>,
    params: JobParameterInput,
    options: OptionsT | undefined,
  ): Promise<JobExecutionResult>;
  /** Runs the job to its end; what its `CollectSink`s brought back. */
  executeAndCollect(
    job: JobDefinition<OptionsT>,
    params: JobParameterInput,
    options: OptionsT | undefined,
  ): Promise<readonly unknown[]>;
}
