import type { StreamExecutionEnvironment } from '../../core/index.js';
import { buildJob, JobParameters, type Prng } from '../../core/internal.js';
import type { Machinery } from './machinery.js';
import type { SimulatedJob } from './simulated-process.js';
import { TOPOLOGIES } from './topology/topologies.js';
import type { Topology } from './topology/topology.js';
import { TopologyKit } from './topology/topology-kit.js';
import type { WorldOptions } from './world-options.js';

export const JOB_NAME = 'simulated';
/** Bounds what a world costs: beside slow sources checkpoints went on by the thousand, and showed nothing new. */
const CHECKPOINTS_IN_PAUSES_MAX = 500;

/** Draws the job of a world by its options. */
export function drawTopology(options: WorldOptions, machinery: Machinery, prng: Prng): Topology {
  const drawn = TOPOLOGIES[options.topology];
  if (drawn === undefined) throw new Error(`There is no topology ${options.topology}.`);
  const { events, parallelismMax, faults, checkpointing } = options;
  const throwing = prng.fork();
  let throws = faults.throws;
  const kit = new TopologyKit(prng, {
    events,
    parallelismMax,
    pausesMaxMs: checkpointing.intervalMs * CHECKPOINTS_IN_PAUSES_MAX,
    beforeEvent: () => {
      if (throws === 0 || !throwing.chance(throws / events)) return;
      throws--;
      throw new Error('The user code of this world throws.');
    },
    sink: (sink) => machinery.sink(sink),
  });
  return drawn.draw(kit);
}

/** The topology as a job that processes run. */
export function simulatedJob(options: WorldOptions, topology: Topology): SimulatedJob {
  const build = (env: StreamExecutionEnvironment): void => {
    if (!options.chaining) env.disableOperatorChaining();
    env.setMaxParallelism(options.maxParallelism);
    topology.build(env);
  };
  return {
    name: JOB_NAME,
    build: () => buildJob({ url: 'file:///simulated.js', build }, new JobParameters({}), { name: JOB_NAME }),
    checkpointing: options.checkpointing,
    restartStrategy: options.restartStrategy,
    launcher: {
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
