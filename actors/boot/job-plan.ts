import {
  alignedTimeoutMsFromOptions,
  type CachedFileContent,
  type JobGraph,
  MillraceError,
  type OptionLayer,
  type ResolvedOptions,
  resolveOptions,
} from '../../core/internal.js';
import {
  type FittedMemory,
  type JobDemand,
  type NetworkBufferOptions,
  networkBufferOptions,
  raiseProcessSizeUntilFits,
  shareBytes,
} from '../../memory/index.js';
import { readCachedFiles } from '../../storage/index.js';
import { channelsOf } from '../cluster/channel-plan.js';
import type { JobSubmission } from '../cluster/cluster-gateway.js';
import { type BuiltGraph, buildGraph } from './graph-builder.js';
import type { JobModule } from './job-module.js';

/** A submitted job, with everything decided that can be decided before a thread starts. */
export interface JobPlan {
  readonly module: JobModule;
  readonly moduleHash: string;
  readonly graph: JobGraph;
  /** Read, into shared memory. */
  readonly cachedFiles: readonly CachedFileContent[];
  readonly options: ResolvedOptions;
  readonly memory: FittedMemory;
  readonly networkOptions: NetworkBufferOptions;
  readonly warnings: readonly string[];
}

/**
 * Builds the graph on a thread of its own, fits the job into memory, and reads its cached files.
 *
 * @throws what the graph, the configuration or the memory plan finds wrong; MR1010
 */
export async function planJob(submission: JobSubmission): Promise<JobPlan> {
  const outer = resolveOptions(submission.layers);
  const module: JobModule = {
    url: submission.url,
    params: submission.params,
    options: {
      ...(submission.jobId === undefined ? {} : { name: submission.jobId }),
      configuration: outer.configured,
    },
  };
  const built = await buildGraph(module);
  const { graph } = built;
  const options = resolveOptions(forMode(withJobLayer(submission.layers, graph), graph));
  const memory = raiseProcessSizeUntilFits(options.configured, demandOf(graph));
  const cachedFiles = await readCachedFiles(graph.cachedFiles);
  return {
    module,
    moduleHash: built.moduleHash,
    graph,
    cachedFiles: cachedFiles.map((file) => ({ ...file, bytes: shareBytes(file.bytes) })),
    options,
    memory,
    networkOptions: networkBufferOptions(memory.config),
    warnings: warningsOf(built, options, memory),
  };
}

/**
 * The plan of a job that runs with another parallelism, by uid of a vertex's head; the rest of it is as it was.
 *
 * @throws what the graph or the memory plan finds wrong; MR1006 if the job file has changed since
 */
export async function replanJob(
  plan: JobPlan,
  vertexParallelism: Readonly<Record<string, number>>,
): Promise<JobPlan> {
  const module: JobModule = { ...plan.module, options: { ...plan.module.options, vertexParallelism } };
  const { graph, moduleHash } = await buildGraph(module);
  if (moduleHash !== plan.moduleHash) {
    throw new MillraceError('MR1006', 'The job file is not the one that the job was started from.', {
      where: { job: graph.name },
      hint: 'Stop the job with a savepoint, and start what is in the file now from that.',
    });
  }
  const memory = raiseProcessSizeUntilFits(plan.options.configured, demandOf(graph));
  return { ...plan, module, graph, memory, networkOptions: networkBufferOptions(memory.config) };
}

function demandOf(graph: JobGraph): JobDemand {
  const channels = channelsOf(graph);
  return {
    vertices: graph.vertices.map(({ id, name, operators }) => ({
      name,
      keepsState: operators.some(({ keyed }) => keyed),
      subtasks: channels[id] ?? [],
    })),
  };
}

/** What the job says of itself stands above the defaults and below everything that a person says. */
function withJobLayer(layers: readonly OptionLayer[], graph: JobGraph): OptionLayer[] {
  return [
    ...layers.filter((layer) => layer.origin === 'default'),
    { origin: 'file', values: graph.configuration },
    ...layers.filter((layer) => layer.origin !== 'default'),
  ];
}

/** A batch takes no checkpoints, and has the state of one key at a time. */
function forMode(layers: readonly OptionLayer[], { runtimeMode }: JobGraph): OptionLayer[] {
  if (runtimeMode === 'STREAMING') return [...layers];
  return [
    ...layers.map(({ origin, values }) => {
      const { 'execution.checkpointing.interval': _, ...others } = values;
      return { origin, values: others };
    }),
    { origin: 'flag', values: { 'state.backend.type': 'heap' } },
  ];
}

/** Keys of Flink's that are understood, and what is done whatever they say. */
const WITHOUT_EFFECT = {
  'execution.checkpointing.data-inline-threshold': 'state always lies in files beside the manifest',
} as const;

function withoutEffect({ configured }: ResolvedOptions): string[] {
  return Object.entries(WITHOUT_EFFECT)
    .filter(([key]) => configured[key as keyof typeof WITHOUT_EFFECT] !== undefined)
    .map(([key, instead]) => `${key} has no effect yet: ${instead}.`);
}

function overtakes(values: ResolvedOptions['values']): boolean {
  return alignedTimeoutMsFromOptions(values) !== Number.POSITIVE_INFINITY;
}

function warningsOf(built: BuiltGraph, options: ResolvedOptions, memory: FittedMemory): string[] {
  const warnings = [...built.graph.warnings, ...options.warnings, ...withoutEffect(options)];
  if (built.unusedParams.length > 0) {
    warnings.push(`The job did not ask for the parameter ${built.unusedParams.join(', ')}.`);
  }
  if (options.values['execution.checkpointing.storage'] === 'jobmanager') {
    warnings.push('Checkpoints are kept in memory: when this process ends, they are gone.');
  }
  const { values } = options;
  if (values['execution.checkpointing.unaligned.enabled'] && !overtakes(values)) {
    warnings.push('Unaligned checkpoints have no effect at least once, where no barrier is waited for.');
  }
  if (memory.choice !== undefined) warnings.push(memory.choice);
  if (
    options.values['execution.checkpointing.interval'] === undefined &&
    built.graph.runtimeMode !== 'BATCH'
  ) {
    warnings.push('Checkpointing is off: after a failure the job starts from the beginning (at most once).');
  }
  return warnings;
}
