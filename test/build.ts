import { buildJob, type JobBuildOptions } from '../core/api/build-job.js';
import type { JobBuilder } from '../core/api/define-job.js';
import { type JobParameterInput, JobParameters } from '../core/api/job-parameters.js';
import type { BuiltJob } from '../core/graph/job-graph.js';

/** The job that a function describes, as every thread would build it. */
export function build(
  builder: JobBuilder,
  options: JobBuildOptions = {},
  params: JobParameterInput = {},
): BuiltJob {
  return buildJob({ url: 'file:///jobs/example.js', build: builder }, new JobParameters(params), options);
}
