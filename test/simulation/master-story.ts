import type { AttemptDescription, SubtaskSnapshot, TaskMessage, TaskReport } from '../../core/internal.js';
import { modelGraph } from '../model-graph.js';
import { METRICS } from '../unit/core/coordinator-driver.js';
import type { WorldListeners } from './world-listener.js';

export const GRAPH = modelGraph(
  { name: 'source', parallelism: 2 },
  { name: 'sink', parallelism: 1, inputs: [0] },
);
/** By their numbers: the two readers, and the sink. */
const PLACES = [
  [0, 0],
  [0, 1],
  [1, 0],
] as const;

/** One process, what its job master hears of its tasks, and what it does. */
export class Master {
  readonly listeners: WorldListeners;

  constructor(listeners: WorldListeners) {
    this.listeners = listeners;
  }

  /** Tasks of these numbers, of a region of their own, which run at once. */
  launch(numbers: readonly number[], attempt = 1, restored?: number): void {
    const places = numbers.map((number) => PLACES[number % 10] ?? PLACES[0]);
    const subtasks = GRAPH.vertices.map(({ id, parallelism }) =>
      Array.from({ length: parallelism }, (_, subtask) => places.some(([v, s]) => v === id && s === subtask)),
    );
    const restore = restored === undefined ? undefined : restoreOf(restored);
    const region = { id: numbers.includes(0) ? 0 : 1, subtasks };
    const description = { jobId: 'j', attempt, epoch: 1, region, graph: GRAPH, restore };
    this.listeners.onRegionLaunched('p1', description);
    for (const [index, [vertexId, subtask]] of places.entries()) {
      const task = numbers[index] ?? 0;
      this.listeners.onTaskPlaced(task, 'p1', { jobId: 'j', attempt, vertexId, subtask });
      this.says(task, { type: 'running' });
    }
  }

  says(task: number, report: TaskReport): void {
    const [vertexId, subtask] = PLACES[task % 10] ?? PLACES[0];
    const address = { jobId: 'j', attempt: 1, vertexId, subtask };
    this.listeners.onTaskTold(task, { type: 'report', task: address, report });
  }

  acknowledges(tasks: readonly number[], checkpointId: number, snapshot: SubtaskSnapshot = EMPTY): void {
    for (const task of tasks) this.says(task, acknowledgement(checkpointId, snapshot));
  }

  sends(tasks: readonly number[], message: TaskMessage): void {
    for (const task of tasks) this.listeners.onTaskSent(task, message);
  }

  notes(name: string, values: Readonly<Record<string, unknown>> = {}): void {
    this.listeners.onEvent({ name, values: { process: 1, ...values } });
  }

  turns(isIdle = true, nowMs = 0): void {
    this.listeners.onMasterTurned('p1', isIdle, nowMs);
  }
}

export const EMPTY: SubtaskSnapshot = { operators: {} };

function restoreOf(checkpointId: number): AttemptDescription['restore'] {
  const subtasks = GRAPH.vertices.map(({ parallelism }) =>
    new Array<SubtaskSnapshot>(parallelism).fill(EMPTY),
  );
  return { checkpointId, subtasks, inFlight: [], enumerators: [], drained: false, accumulated: {} };
}

export function trigger(checkpointId: number): TaskMessage {
  return { type: 'trigger-checkpoint', checkpointId, timestamp: 0, kind: 'checkpoint' };
}

export function acknowledgement(checkpointId: number, snapshot = EMPTY): TaskReport {
  return { type: 'checkpoint-acknowledged', checkpointId, snapshot, metrics: METRICS };
}
