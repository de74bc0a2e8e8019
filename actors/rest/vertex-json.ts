import type { JobDetails, JobGraph, SubtaskDetails } from '../../core/internal.js';
import { aggregatedSubtasks, ioMetrics } from './io-metrics.js';
import { countByState, durationOf, EXECUTION_STATES, spanOf, statusOf } from './job-json.js';
import type { RestTask } from './rest-cluster.js';
import { vertexIdOf } from './vertex-id.js';

/** A vertex of a job at one moment. */
export interface SeenVertex {
  readonly job: JobDetails;
  readonly vertex: JobGraph['vertices'][number];
  readonly tasks: readonly RestTask[];
  readonly nowMs: number;
}

type Json = Readonly<Record<string, unknown>>;

/** The only machine that there is. */
const ENDPOINT = 'localhost';
const UNASSIGNED = '(unassigned)';

/** In which a task has been for a while; the others are ends. */
const PASSED_STATES = ['CREATED', 'SCHEDULED', 'DEPLOYING', 'INITIALIZING', 'RUNNING'] as const;

export function subtasksOf({ job, vertex }: SeenVertex): readonly SubtaskDetails[] {
  return job.vertices[vertex.id]?.subtasks ?? [];
}

/** `/jobs/:jobid/vertices/:vertexid`. */
export function vertexDetails(seen: SeenVertex): Json {
  const { vertex, nowMs } = seen;
  const subtasks = subtasksOf(seen);
  return {
    id: vertexIdOf(vertex.uid),
    name: vertex.name,
    parallelism: vertex.parallelism,
    maxParallelism: vertex.maxParallelism,
    now: nowMs,
    subtasks: subtasks.map((subtask) => subtaskDetails(seen, subtask)),
    aggregated: aggregatedOf(seen, subtasks),
  };
}

/** `/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex`. */
export function subtaskDetails(seen: SeenVertex, subtask: SubtaskDetails): Json {
  const { startMs, endMs } = spanOf([subtask]);
  return {
    subtask: subtask.subtask,
    status: subtask.state,
    attempt: attemptOf(subtask),
    endpoint: endpointOf(subtask),
    'start-time': startMs,
    'end-time': endMs,
    duration: durationOf(startMs, endMs, seen.nowMs),
    metrics: ioMetrics(tasksOf(seen, [subtask]), 1),
    'taskmanager-id': subtask.taskManagerId ?? UNASSIGNED,
    'status-duration': stateDurations(subtask, seen.nowMs),
    start_time: startMs,
  };
}

/** Flink counts attempts from 0. */
export function attemptOf({ attempt }: SubtaskDetails): number {
  return Math.max(0, attempt - 1);
}

/** `/jobs/:jobid/vertices/:vertexid/subtasktimes`. */
export function subtaskTimes(seen: SeenVertex): Json {
  const { vertex, nowMs } = seen;
  const subtasks = subtasksOf(seen).map((subtask) => {
    const { startMs, endMs } = spanOf([subtask]);
    const times: Readonly<Record<string, number>> = subtask.timestamps;
    return {
      subtask: subtask.subtask,
      endpoint: endpointOf(subtask),
      duration: durationOf(startMs, endMs, nowMs),
      timestamps: Object.fromEntries(EXECUTION_STATES.map((state) => [state, times[state] ?? 0])),
    };
  });
  return { id: vertexIdOf(vertex.uid), name: vertex.name, now: nowMs, subtasks };
}

/** `/jobs/:jobid/vertices/:vertexid/taskmanagers`. */
export function vertexTaskManagers(seen: SeenVertex): Json {
  const { vertex, nowMs } = seen;
  const all = subtasksOf(seen);
  const ids = new Set(all.map(({ taskManagerId }) => taskManagerId));
  const taskmanagers = [...ids].map((id) => {
    const subtasks = all.filter(({ taskManagerId }) => taskManagerId === id);
    const { startMs, endMs } = spanOf(subtasks);
    return {
      endpoint: ENDPOINT,
      status: statusOf(subtasks),
      'start-time': startMs,
      'end-time': endMs,
      duration: durationOf(startMs, endMs, nowMs),
      metrics: ioMetrics(tasksOf(seen, subtasks), subtasks.length),
      'status-counts': countByState(subtasks),
      'taskmanager-id': id ?? UNASSIGNED,
      aggregated: aggregatedOf(seen, subtasks),
    };
  });
  return { id: vertexIdOf(vertex.uid), name: vertex.name, now: nowMs, taskmanagers };
}

export function endpointOf({ taskManagerId }: SubtaskDetails): string {
  return taskManagerId === undefined ? UNASSIGNED : ENDPOINT;
}

function aggregatedOf(seen: SeenVertex, subtasks: readonly SubtaskDetails[]): Json {
  return aggregatedSubtasks(
    subtasks.map((subtask) => ioMetrics(tasksOf(seen, [subtask]), 1)),
    subtasks.map((subtask) => stateDurations(subtask, seen.nowMs)),
  );
}

function tasksOf({ tasks, vertex }: SeenVertex, subtasks: readonly SubtaskDetails[]): RestTask[] {
  return tasks.filter(
    (task) => task.vertexId === vertex.id && subtasks.some(({ subtask }) => subtask === task.subtask),
  );
}

/** How long a task was in each state before the next; -1 for one that it was never in. */
function stateDurations({ state, timestamps }: SubtaskDetails, nowMs: number): Record<string, number> {
  const times: Readonly<Record<string, number>> = timestamps;
  const durations: Record<string, number> = {};
  let next = (PASSED_STATES as readonly string[]).includes(state) ? nowMs : (times[state] ?? nowMs);
  for (const passed of PASSED_STATES.toReversed()) {
    const entered = times[passed] ?? 0;
    durations[passed] = entered > 0 ? Math.max(0, next - entered) : -1;
    if (entered > 0) next = entered;
  }
  return durations;
}
