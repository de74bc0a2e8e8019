import type { JobEdge, JobGraph } from '../../core/graph/job-graph.js';
import type { AttemptRestore, PipelinedRegion } from '../../core/ports/task-launcher.js';
import { decode, type ModelChannel, type ModelSplit, ModelTask, type ModelTaskWorld } from './model-task.js';

export interface ModelDeployment {
  readonly graph: JobGraph;
  /** The whole input of a source. */
  readonly splitsOf: (vertexId: number) => readonly ModelSplit[];
  readonly checkpointing: boolean;
  readonly attempt: number;
  readonly region: PipelinedRegion;
  readonly restore: AttemptRestore | undefined;
}

/** Makes the tasks of a region and the channels between them; finished ones are not deployed. */
export function deployModelTasks(deployment: ModelDeployment, world: ModelTaskWorld): ModelTask[] {
  const channels = new ModelChannels(deployment);
  return deployment.graph.vertices.flatMap(({ id, parallelism }) =>
    upTo(parallelism)
      .filter((subtask) => deployment.region.subtasks[id]?.[subtask] && !isFinished(deployment, id, subtask))
      .map((subtask) => deployTask(deployment, channels, id, subtask, world)),
  );
}

function deployTask(
  deployment: ModelDeployment,
  channels: ModelChannels,
  vertexId: number,
  subtask: number,
  world: ModelTaskWorld,
): ModelTask {
  const { graph, attempt, restore, checkpointing } = deployment;
  const vertex = graph.vertices[vertexId];
  if (vertex === undefined) throw new Error(`no vertex ${vertexId}`);
  const snapshot = restore?.subtasks[vertexId]?.[subtask];
  const options = {
    address: { jobId: 'model', attempt, vertexId, subtask },
    vertex,
    inputs: channels.inputsOf(vertexId, subtask),
    outputs: channels.outputsOf(vertexId, subtask),
    checkpointing,
    restored: snapshot === 'finished' ? undefined : snapshot,
    splits: vertex.isSource && subtask === 0 ? splitsOf(deployment, vertexId) : undefined,
    finishedSubtasks: upTo(vertex.parallelism).filter((other) => isFinished(deployment, vertexId, other)),
    restoredCheckpointId: restore?.checkpointId,
  };
  return new ModelTask(options, world);
}

function splitsOf({ restore, splitsOf: whole }: ModelDeployment, vertexId: number): readonly ModelSplit[] {
  if (restore === undefined) return whole(vertexId);
  const enumerator = restore.enumerators[vertexId];
  return enumerator === undefined ? [] : (decode(enumerator) as ModelSplit[]);
}

function isFinished({ restore }: ModelDeployment, vertexId: number, subtask: number): boolean {
  return restore?.subtasks[vertexId]?.[subtask] === 'finished';
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** All channels of an attempt. Those of producers that are not deployed have ended. */
class ModelChannels {
  readonly #graph: JobGraph;
  readonly #channels = new Map<string, ModelChannel>();

  constructor(deployment: ModelDeployment) {
    this.#graph = deployment.graph;
    for (const edge of this.#graph.edges) {
      for (const from of upTo(this.#parallelism(edge.source))) {
        const ended = isFinished(deployment, edge.source, from);
        for (const to of upTo(this.#parallelism(edge.target))) {
          this.#channels.set(`${edge.id}/${from}/${to}`, {
            elements: ended ? [{ type: 'end-of-data' }, { type: 'end-of-partition' }] : [],
          });
        }
      }
    }
  }

  inputsOf(vertexId: number, subtask: number): ModelChannel[] {
    return this.#graph.edges
      .filter(({ target }) => target === vertexId)
      .flatMap((edge) =>
        this.#partners(edge, edge.source, subtask).map((from) => this.#channel(edge, from, subtask)),
      );
  }

  outputsOf(vertexId: number, subtask: number): ModelChannel[][] {
    return this.#graph.edges
      .filter(({ source }) => source === vertexId)
      .map((edge) =>
        this.#partners(edge, edge.target, subtask).map((to) => this.#channel(edge, subtask, to)),
      );
  }

  #partners({ partitioner }: JobEdge, vertexId: number, own: number): number[] {
    return partitioner === 'forward' ? [own] : upTo(this.#parallelism(vertexId));
  }

  #parallelism(vertexId: number): number {
    return this.#graph.vertices[vertexId]?.parallelism ?? 0;
  }

  #channel({ id }: JobEdge, from: number, to: number): ModelChannel {
    const channel = this.#channels.get(`${id}/${from}/${to}`);
    if (channel === undefined) throw new Error(`no channel ${id}/${from}/${to}`);
    return channel;
  }
}
