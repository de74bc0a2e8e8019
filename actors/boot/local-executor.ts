import { createDefineJob, type JobExecutor } from '../../core/internal.js';
import { type ClusterOptions, LocalCluster, type SubmitOptions } from './local-cluster.js';

/** Options of `job.execute`: those of its cluster and those of its submission. */
export type ExecuteOptions = ClusterOptions & SubmitOptions;

const LOCAL_EXECUTOR: JobExecutor<ExecuteOptions> = {
  async execute(job, params, options = {}) {
    const cluster = await LocalCluster.start(options);
    try {
      const { jobId, start } = options;
      const submitted = await cluster.submit(job, params, {
        ...(jobId === undefined ? {} : { jobId }),
        ...(start === undefined ? {} : { start }),
      });
      return await submitted.result();
    } finally {
      await cluster.close();
    }
  },
};

/**
 * Declares the job of a module; the default export of a job file. The function describes the job on `env`,
 * in several threads: it must do the same each time, and no input or output.
 *
 * @example
 * ```ts
 * export default defineJob(import.meta.url, (env, params) => {
 *   env.fromSequence(1, params.getInt('count', 100)).map((n) => n * 2).print();
 * });
 * ```
 */
export const defineJob = createDefineJob<ExecuteOptions>(LOCAL_EXECUTOR);
