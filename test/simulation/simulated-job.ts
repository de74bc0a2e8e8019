import type { StreamExecutionEnvironment } from '../../core/index.js';
import { buildJob, JobParameters, Prng } from '../../core/internal.js';
import type { Machinery } from './machinery.js';
import type { SimulatedJob } from './simulated-process.js';
import { TOPOLOGIES } from './topology/topologies.js';
import type { ExpectedOutput, Topology } from './topology/topology.js';
import { type DrawnSource, TopologyKit } from './topology/topology-kit.js';
import type { WorldOptions } from './world-options.js';

export const JOB_NAME = 'simulated';
/** Bounds what a world costs: beside slow sources checkpoints went on by the hundred, and showed nothing new. */
const CHECKPOINTS_IN_PAUSES_MAX = 12;
/** Of a job that each process starts at another parallelism. */
const MOVING_PARALLELISM_MAX = 7;

/** How a topology is drawn another time. */
export interface TopologyVariant {
  /** By how much every parallelism differs from the drawn one. */
  readonly shift: number;
  /** How often somebody has changed the job since it was drawn. */
  readonly version: number;
  /** Events that the sources have read, where they did not read all; undefined: they do. */
  readonly read: ReadonlySet<number> | undefined;
}

export interface DrawnTopology extends Topology {
  /** Number n of them is at n - 1. */
  readonly sources: readonly DrawnSource[];
}

export type DrawTopology = (variant: TopologyVariant) => DrawnTopology;

/**
 * Draws the job of a world by its options, as often as somebody wants: the same each time, but for the variant.
 *
 * @param onThrow called when user code is about to throw
 */
export function topologyDrawer(
  options: WorldOptions,
  machinery: Machinery,
  prng: Prng,
  onThrow: () => void = () => {},
): DrawTopology {
  const drawn = TOPOLOGIES[options.topology];
  if (drawn === undefined) throw new Error(`There is no topology ${options.topology}.`);
  const seed = prng.seed();
  const { events, parallelismMax, faults, checkpointing } = options;
  // As it was before topologies were drawn twice.
  const throwing = new Prng(seed).fork();
  let throws = faults.throws;
  const most = options.moves ? Math.min(MOVING_PARALLELISM_MAX, options.maxParallelism) : parallelismMax;
  const beforeEvent = (): void => {
    if (throws === 0 || !throwing.chance(throws / events)) return;
    throws--;
    onThrow();
    throw new Error('The user code of this world throws.');
  };
  return ({ shift, version, read }) => {
    const own = new Prng(seed);
    own.fork();
    const kit = new TopologyKit(own, {
      events,
      sources: drawn.sources,
      parallelismMax,
      autoWatermarkIntervalMs: options.autoWatermarkIntervalMs,
      version,
      pausesMaxMs: checkpointing.intervalMs * CHECKPOINTS_IN_PAUSES_MAX,
      beforeEvent,
      moves: options.moves,
      parallelism: (parallelism) => ((parallelism - 1 + shift) % most) + 1,
      readFolder: faults.drains > 0 ? readFolder : undefined,
      counts: (id) => read?.has(id) ?? true,
      sink: (sink) => machinery.sink(sink),
    });
    const topology = drawn.draw(kit);
    const told = (): ExpectedOutput[] =>
      kit.sources.map(({ events: given }, index) => ({
        folder: readFolder(index + 1),
        lines: given.map(({ id }) => String(id)),
      }));
    const outputs = () => (faults.drains === 0 ? topology.outputs() : [...topology.outputs(), ...told()]);
    return { ...topology, outputs, sources: kit.sources };
  };
}

/** Where a source tells what it has read. */
export function readFolder(source: number): string {
  return `/out/read-${source}`;
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
