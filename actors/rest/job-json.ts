import type { JobDetails, JobEdge, JobGraph, SubtaskDetails } from '../../core/internal.js';
import { ioMetrics } from './io-metrics.js';
import type { RestTask } from './rest-cluster.js';
import { slotSharingGroupIdOf, vertexIdOf } from './vertex-id.js';

/** Flink's words for the states of a task, in its order. */
export const EXECUTION_STATES = [
  'CREATED',
  'SCHEDULED',
  'DEPLOYING',
  'RUNNING',
  'FINISHED',
  'CANCELING',
  'CANCELED',
  'FAILED',
  'RECONCILING',
  'INITIALIZING',
] as const;
type FlinkExecutionState = (typeof EXECUTION_STATES)[number];

const JOB_STATES = [
  'INITIALIZING',
  'CREATED',
  'RUNNING',
  'FAILING',
  'FAILED',
  'CANCELLING',
  'CANCELED',
  'FINISHED',
  'RESTARTING',
  'SUSPENDED',
  'RECONCILING',
] as const;

/** `jobs[]` of `/jobs/overview`. */
export function jobOverview(job: JobDetails, nowMs: number): Readonly<Record<string, unknown>> {
  const subtasks = job.vertices.flatMap((vertex) => vertex.subtasks);
  const tasks: Record<string, number> = { total: subtasks.length };
  for (const [state, count] of Object.entries(countByState(subtasks))) tasks[state.toLowerCase()] = count;
  return {
    jid: job.jobId,
    name: job.jobName,
    'start-time': job.startMs,
    'end-time': job.endMs ?? -1,
    duration: (job.endMs ?? nowMs) - job.startMs,
    state: job.status,
    'last-modification': job.lastModificationMs,
    tasks,
    'pending-operators': 0,
  };
}

/** `/jobs/:jobid`. */
export function jobDetails(
  job: JobDetails,
  tasks: readonly RestTask[],
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const times: Readonly<Record<string, number>> = job.timestamps;
  const vertices = job.graph.vertices.map((vertex) => vertexOverview(job, vertex.id, tasks, nowMs));
  const statuses = vertices.map(({ status }) => status);
  return {
    jid: job.jobId,
    name: job.jobName,
    isStoppable: false,
    state: job.status,
    'job-type': job.runtimeMode,
    'start-time': job.startMs,
    'end-time': job.endMs ?? -1,
    duration: (job.endMs ?? nowMs) - job.startMs,
    maxParallelism: Math.max(-1, ...job.graph.vertices.map(({ maxParallelism }) => maxParallelism)),
    now: nowMs,
    timestamps: Object.fromEntries(JOB_STATES.map((state) => [state, times[state] ?? 0])),
    vertices,
    'status-counts': Object.fromEntries(
      EXECUTION_STATES.map((state) => [state, statuses.filter((status) => status === state).length]),
    ),
    plan: planOf(job.jobId, job.graph),
    'pending-operators': 0,
  };
}

function vertexOverview(job: JobDetails, vertexId: number, tasks: readonly RestTask[], nowMs: number) {
  const vertex = job.graph.vertices[vertexId];
  const subtasks = job.vertices[vertexId]?.subtasks ?? [];
  const { startMs, endMs } = spanOf(subtasks);
  return {
    id: vertexIdOf(vertex?.uid ?? ''),
    slotSharingGroupId: slotSharingGroupIdOf(vertex?.slotSharingGroup ?? ''),
    name: vertex?.name ?? '',
    maxParallelism: vertex?.maxParallelism ?? -1,
    parallelism: vertex?.parallelism ?? -1,
    status: statusOf(subtasks),
    'start-time': startMs,
    'end-time': endMs,
    duration: durationOf(startMs, endMs, nowMs),
    tasks: countByState(subtasks),
    metrics: ioMetrics(
      tasks.filter((task) => task.vertexId === vertexId),
      subtasks.length,
    ),
  };
}

export function countByState(subtasks: readonly SubtaskDetails[]): Record<FlinkExecutionState, number> {
  const counts = Object.fromEntries(EXECUTION_STATES.map((state) => [state, 0]));
  for (const { state } of subtasks) counts[state] = (counts[state] ?? 0) + 1;
  return counts as Record<FlinkExecutionState, number>;
}

/** One word for all subtasks of a vertex, by Flink's rule. */
export function statusOf(subtasks: readonly SubtaskDetails[]): FlinkExecutionState {
  const counts = countByState(subtasks);
  for (const state of ['FAILED', 'CANCELING', 'CANCELED', 'INITIALIZING', 'RUNNING'] as const) {
    if (counts[state] > 0) return state;
  }
  if (counts.FINISHED > 0) return counts.FINISHED === subtasks.length ? 'FINISHED' : 'RUNNING';
  return 'CREATED';
}

const ENDS: ReadonlySet<string> = new Set(['FINISHED', 'CANCELED', 'FAILED']);

/** From the first deployment to the last end; -1: not yet. */
export function spanOf(subtasks: readonly SubtaskDetails[]): {
  readonly startMs: number;
  readonly endMs: number;
} {
  const starts = subtasks.map(deployedMs).filter((ms) => ms > 0);
  const ends = subtasks
    .filter(({ state }) => ENDS.has(state))
    .map(({ state, timestamps }) => timestamps[state]);
  return {
    startMs: starts.length === 0 ? -1 : Math.min(...starts),
    endMs: ends.length > 0 && ends.length === subtasks.length ? Math.max(...ends) : -1,
  };
}

export function durationOf(startMs: number, endMs: number, nowMs: number): number {
  if (startMs <= 0) return -1;
  return (endMs < 0 ? nowMs : endMs) - startMs;
}

function deployedMs({ timestamps }: SubtaskDetails): number {
  return timestamps.DEPLOYING;
}

const SHIP_STRATEGIES: Readonly<Record<JobEdge['partitioner'], string>> = {
  forward: 'FORWARD',
  hash: 'HASH',
  rebalance: 'REBALANCE',
  rescale: 'RESCALE',
  shuffle: 'SHUFFLE',
  broadcast: 'BROADCAST',
  global: 'GLOBAL',
  custom: 'CUSTOM',
};

/** Flink's plan of a job. */
export function planOf(jobId: string, graph: JobGraph): Readonly<Record<string, unknown>> {
  const nodes = graph.vertices.map((vertex) => {
    const inputs = graph.edges
      .filter((edge) => edge.target === vertex.id)
      .map((edge, num) => ({
        num,
        id: vertexIdOf(graph.vertices[edge.source]?.uid ?? ''),
        ship_strategy: SHIP_STRATEGIES[edge.partitioner],
        exchange: 'pipelined_bounded',
      }));
    return {
      id: vertexIdOf(vertex.uid),
      parallelism: vertex.parallelism,
      operator: '',
      operator_strategy: '',
      description: descriptionOf(vertex.operators),
      ...(inputs.length === 0 ? {} : { inputs }),
      optimizer_properties: {},
    };
  });
  return { jid: jobId, name: graph.name, type: graph.runtimeMode, nodes };
}

/** The chain, an operator a line, as HTML: Flink's dashboard shows it as such. */
function descriptionOf(operators: JobGraph['vertices'][number]['operators']): string {
  return operators
    .map(({ name, description }, i) => `${i === 0 ? '' : `${'   '.repeat(i - 1)}+- `}${description ?? name}`)
    .map(escapedHtml)
    .join('<br/>');
}

function escapedHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replaceAll('\\', '&#92;')
    .replaceAll('\n', '<br/>');
}
