import type { StreamExecutionEnvironment } from '../../core/index.js';
import { buildJob, JobParameters } from '../../core/internal.js';
import { configuredJob } from './configured-job.js';
import type { SimulatedJob } from './simulated-process.js';
import type { TaskHost } from './task-host.js';
import type { WorldOptions } from './world-options.js';

export const JOB_NAME = 'simulated';

/** The same each time: it is called in every task, and without a host where only the graph is asked for. */
export type DescribeJob = (env: StreamExecutionEnvironment, host: TaskHost | undefined) => void;

/** What describes a job, as one that processes run. */
export function simulatedJob(options: WorldOptions, describe: DescribeJob): SimulatedJob {
  const build = (env: StreamExecutionEnvironment, host: TaskHost | undefined): void => {
    if (!options.chaining) env.disableOperatorChaining();
    env.setMaxParallelism(options.maxParallelism);
    describe(env, host);
  };
  const { checkpointing, restartStrategy, alignedTimeoutMs } = configuredJob(options);
  return {
    name: JOB_NAME,
    build: (vertexParallelism = {}, host) =>
      buildJob({ url: 'file:///simulated.js', build: (env) => build(env, host) }, new JobParameters({}), {
        name: JOB_NAME,
        vertexParallelism,
      }),
    checkpointing,
    restartStrategy,
    slots: options.slots.each > 0 ? options.slots : undefined,
    launcher: {
      alignedTimeoutMs,
      slowTasks: options.slowTasks,
      autoWatermarkIntervalMs: options.autoWatermarkIntervalMs,
      segmentBytes: options.segmentBytes,
      network: options.network,
      spareSegments: options.spareSegments,
      budgetMax: options.budgetMax,
      managedBytes: options.managedBytes,
      landing: options.faults.landing,
    },
  };
}
