import {
  alignedTimeoutMsFromOptions,
  type CachedFileContent,
  isAdaptive,
  type JobGraph,
  MillraceError,
  type OptionLayer,
  type ResolvedOptions,
  resolveOptions,
  sharedSlots,
  slotRequirements,
} from '../../core/internal.js';
import {
  type FittedMemory,
  type GroupDemand,
  type JobDemand,
  type NetworkBufferOptions,
  networkBufferOptions,
  raiseProcessSizeUntilFits,
  type SlotDemand,
  shareBytes,
} from '../../memory/index.js';
import { readCachedFiles } from '../../storage/index.js';
import { channelsOf, producerSegments } from '../cluster/channel-plan.js';
import type { JobSubmission } from '../cluster/cluster-gateway.js';
import { type BuiltGraph, buildGraph } from './graph-builder.js';
import type { JobModule } from './job-module.js';
import type { SlotLayout } from './local-task-managers.js';

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
  /** Of the cluster for which it was planned. */
  readonly layout: SlotLayout;
  readonly warnings: readonly string[];
}

/**
 * Builds the graph on a thread of its own, fits the job into memory, and reads its cached files.
 *
 * @throws what the graph, the configuration or the memory plan finds wrong; MR1010
 */
export async function planJob(submission: JobSubmission, layout: SlotLayout): Promise<JobPlan> {
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
  refuseAdaptiveGroups(graph, options);
  const memory = memoryOf(options, graph, layout);
  const cachedFiles = await readCachedFiles(graph.cachedFiles);
  return {
    module,
    moduleHash: built.moduleHash,
    graph,
    cachedFiles: cachedFiles.map((file) => ({ ...file, bytes: shareBytes(file.bytes) })),
    options,
    memory,
    networkOptions: networkBufferOptions(memory.config),
    layout,
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
  const memory = memoryOf(plan.options, graph, plan.layout);
  return { ...plan, module, graph, memory, networkOptions: networkBufferOptions(memory.config) };
}

/** As in Flink: slots of any size and a job of any size are not for one job. */
function refuseAdaptiveGroups({ name, slotResources }: JobGraph, { values }: ResolvedOptions): void {
  if (slotResources === undefined || !isAdaptive(values)) return;
  throw new MillraceError('MR4007', 'An adaptive job has slots with equal shares alone.', {
    where: { job: name },
    why: `It says what the slots of ${Object.keys(slotResources).join(', ')} are to have.`,
    hint: 'Leave that out, or leave jobmanager.scheduler at Default.',
  });
}

/** The number of slots is the cluster's, whatever the job says. */
function memoryOf({ configured }: ResolvedOptions, graph: JobGraph, layout: SlotLayout): FittedMemory {
  const { perTaskManager } = layout;
  if (perTaskManager === undefined) return raiseProcessSizeUntilFits(configured, demandOf(graph));
  const config = { ...configured, 'taskmanager.numberOfTaskSlots': perTaskManager };
  const slots = slotDemands(graph, networkBufferOptions(config), layout);
  return raiseProcessSizeUntilFits(config, { ...demandOf(graph), slots });
}

function demandOf(graph: JobGraph): JobDemand {
  const channels = channelsOf(graph);
  return {
    vertices: graph.vertices.map((vertex) => ({
      name: vertex.name,
      keepsState: keepsState(vertex),
      subtasks: channels[vertex.id] ?? [],
      sized: isSized(graph, vertex.slotSharingGroup),
    })),
    groups: groupDemands(graph),
  };
}

function isSized({ slotResources = {} }: JobGraph, group: string): boolean {
  return slotResources[group] !== undefined;
}

/** Whatever balances the load, no slot of a group has more tasks than there are vertices in it. */
function groupDemands(graph: JobGraph): GroupDemand[] {
  return slotRequirements(graph).flatMap(({ group: name, count: slots, resource }) => {
    if (resource === undefined) return [];
    const own = graph.vertices.filter(({ slotSharingGroup }) => slotSharingGroup === name);
    return [{ name, slots, tasks: own.length, stateful: own.filter(keepsState).length, resource }];
  });
}

function slotDemands(graph: JobGraph, options: NetworkBufferOptions, { mode }: SlotLayout): SlotDemand[] {
  const segments = producerSegments(graph, options);
  return sharedSlots(graph, mode).map(({ group, tasks }) => ({
    sized: isSized(graph, group),
    tasks: tasks.length,
    stateful: tasks.filter(({ vertexId }) => keepsState(graph.vertices[vertexId])).length,
    segments: tasks.reduce((sum, { vertexId, subtask }) => sum + (segments[vertexId]?.[subtask] ?? 0), 0),
  }));
}

function keepsState(vertex: JobGraph['vertices'][number] | undefined): boolean {
  return vertex?.operators.some(({ keyed }) => keyed) === true;
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
