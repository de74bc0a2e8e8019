import type { StreamExecutionEnvironment } from '../../core/index.js';
import { buildJob, JobParameters } from '../../core/internal.js';
import type { SimulatedJob } from './simulated-process.js';
import type { WorldOptions } from './world-options.js';

export const JOB_NAME = 'simulated';

/** The same each time: it is called in every task. */
export type DescribeJob = (env: StreamExecutionEnvironment) => void;

/** What describes a job, as one that processes run. */
export function simulatedJob(options: WorldOptions, describe: DescribeJob): SimulatedJob {
  const build = (env: StreamExecutionEnvironment): void => {
    if (!options.chaining) env.disableOperatorChaining();
    env.setMaxParallelism(options.maxParallelism);
    describe(env);
  };
  return {
    name: JOB_NAME,
    build: (vertexParallelism = {}) =>
      buildJob({ url: 'file:///simulated.js', build }, new JobParameters({}), {
        name: JOB_NAME,
        vertexParallelism,
      }),
    checkpointing: options.checkpointing,
    restartStrategy: options.restartStrategy,
    launcher: {
      alignedTimeoutMs: options.alignedTimeoutMs,
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
