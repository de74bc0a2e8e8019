import { invariant } from '../base/invariant.js';
import { isPointwise, type JobGraph } from '../graph/job-graph.js';
import type { PipelinedRegion } from '../ports/task-launcher.js';
import { isAdaptive } from './adaptive-scheduler-options.js';
import type { OptionValues } from './options.js';

/** `full`: what fails is the whole job. */
export type FailoverStrategy = 'region' | 'full';

/** What of a job may be restarted while the rest of it goes on. */
export interface FailoverConfig {
  readonly strategy: FailoverStrategy;
  /** Without checkpoints a restart begins anew, and all splits that a reader ever got would have to be kept. */
  readonly hasCheckpoints: boolean;
}

/** An adaptive job is restarted as a whole: what it runs with may change each time. */
export function failoverStrategyFromOptions(values: OptionValues): FailoverStrategy {
  return isAdaptive(values) ? 'full' : values['jobmanager.execution.failover-strategy'];
}

/**
 * The tasks of a graph, taken apart into those that exchange data.
 *
 * Invariants: each task belongs to one region; no channel leads from one region to another; the subtasks of a source
 * whose readers cannot be restarted alone are in one region.
 */
export class PipelinedRegions {
  /** By id. */
  readonly all: readonly PipelinedRegion[];
  readonly #regionIds: readonly (readonly number[])[];

  constructor(graph: JobGraph, config: FailoverConfig) {
    this.#regionIds = regionIds(graph, config);
    const count = Math.max(0, ...this.#regionIds.flat()) + 1;
    this.all = Array.from({ length: count }, (_, id) => ({
      id,
      subtasks: this.#regionIds.map((subtasks) => subtasks.map((regionId) => regionId === id)),
    }));
  }

  idOf(vertexId: number, subtask: number): number {
    const id = this.#regionIds[vertexId]?.[subtask];
    invariant(id !== undefined, 'each task has a region', { vertexId, subtask });
    return id;
  }
}

/** By vertex id, then subtask; ids in the order of their first tasks. */
function regionIds(graph: JobGraph, { strategy, hasCheckpoints }: FailoverConfig): number[][] {
  const { vertices, edges, runtimeMode } = graph;
  // A batch has nothing to go back to but its beginning.
  if (strategy === 'full' || runtimeMode === 'BATCH')
    return vertices.map(({ parallelism }) => new Array<number>(parallelism).fill(0));
  const tasks = new DisjointSets(vertices.map(({ parallelism }) => parallelism));
  for (const vertex of vertices)
    if (vertex.isSource && !(hasCheckpoints && vertex.readersRestartAlone === true))
      for (let subtask = 1; subtask < vertex.parallelism; subtask++)
        tasks.unite([vertex.id, 0], [vertex.id, subtask]);
  for (const edge of edges) {
    const { parallelism: producers = 0 } = vertices[edge.source] ?? {};
    const { parallelism: consumers = 0 } = vertices[edge.target] ?? {};
    if (isPointwise(edge)) {
      for (let subtask = 0; subtask < producers; subtask++)
        tasks.unite([edge.source, subtask], [edge.target, subtask]);
      continue;
    }
    for (let producer = 0; producer < producers; producer++)
      tasks.unite([edge.source, producer], [edge.target, 0]);
    for (let consumer = 1; consumer < consumers; consumer++)
      tasks.unite([edge.source, 0], [edge.target, consumer]);
  }
  return tasks.numbered();
}

type TaskOf = readonly [vertexId: number, subtask: number];

/** Invariant: following the parents of a task ends at the least task of its set. */
class DisjointSets {
  readonly #counts: readonly number[];
  readonly #offsets: readonly number[];
  readonly #parents: number[];

  constructor(counts: readonly number[]) {
    this.#counts = counts;
    let total = 0;
    this.#offsets = counts.map((count) => {
      const offset = total;
      total += count;
      return offset;
    });
    this.#parents = Array.from({ length: total }, (_, task) => task);
  }

  unite(a: TaskOf, b: TaskOf): void {
    const [first, second] = [this.#rootOf(this.#indexOf(a)), this.#rootOf(this.#indexOf(b))];
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }

  /** The number of its set for each task. */
  numbered(): number[][] {
    const numbers = new Map<number, number>();
    return this.#counts.map((count, vertexId) =>
      Array.from({ length: count }, (_, subtask) => {
        const root = this.#rootOf(this.#indexOf([vertexId, subtask]));
        const known = numbers.get(root) ?? numbers.size;
        numbers.set(root, known);
        return known;
      }),
    );
  }

  #indexOf([vertexId, subtask]: TaskOf): number {
    return (this.#offsets[vertexId] ?? 0) + subtask;
  }

  #rootOf(task: number): number {
    let root = task;
    for (
      let parent = this.#parents[root];
      parent !== undefined && parent !== root;
      parent = this.#parents[root]
    ) {
      this.#parents[root] = this.#parents[parent] ?? parent;
      root = parent;
    }
    return root;
  }
}
