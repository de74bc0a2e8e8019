import {
  checkOptionNames,
  createDefineJob,
  type JobDefinition,
  type JobExecutor,
  type JobParameterInput,
} from '../../core/internal.js';
import {
  CLUSTER_OPTIONS,
  type ClusterOptions,
  SUBMIT_OPTIONS,
  type SubmitOptions,
} from './cluster-options.js';
import { ENGINE_HOME } from './engine-home.js';
import { LocalCluster } from './local-cluster.js';
import type { LocalJob } from './local-job.js';

/** Options of `job.execute`: those of its cluster and those of its submission. */
export type ExecuteOptions = ClusterOptions & SubmitOptions;

const LOCAL_EXECUTOR: JobExecutor<ExecuteOptions> = {
  execute: (job, params, options = {}) =>
    onOwnCluster(job, params, options, (submitted) => submitted.result()),
  executeAndCollect: (job, params, options = {}) =>
    onOwnCluster(job, params, options, async (submitted) => {
      await submitted.result();
      return submitted.collected();
    }),
};

/** Application mode: the cluster lives with its one job. */
async function onOwnCluster<R>(
  job: JobDefinition<ExecuteOptions>,
  params: JobParameterInput,
  options: ExecuteOptions,
  use: (submitted: LocalJob) => Promise<R>,
): Promise<R> {
  checkOptionNames(options, [...CLUSTER_OPTIONS, ...SUBMIT_OPTIONS], 'execute');
  const { jobId, start, fromSavepoint, allowNonRestoredState, claimMode, ...ofCluster } = options;
  const cluster = await LocalCluster.start(ofCluster);
  try {
    const submitted = await cluster.submit(job, params, {
      ...(jobId === undefined ? {} : { jobId }),
      ...(start === undefined ? {} : { start }),
      ...(fromSavepoint === undefined ? {} : { fromSavepoint }),
      ...(allowNonRestoredState === undefined ? {} : { allowNonRestoredState }),
      ...(claimMode === undefined ? {} : { claimMode }),
    });
    return await use(submitted);
  } finally {
    await cluster.close();
  }
}

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
export const defineJob = createDefineJob<ExecuteOptions>(LOCAL_EXECUTOR, ENGINE_HOME);
