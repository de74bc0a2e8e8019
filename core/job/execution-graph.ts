import { invariant } from '../base/invariant.js';
import type { JobEdge, JobGraph, JobVertex } from '../graph/job-graph.js';
import type { AttemptRestore } from '../ports/task-launcher.js';
import type { TaskAddress } from '../protocol/control-message.js';
import { checkExecutionTransition, type ExecutionState } from './job-status.js';

/** One task of one attempt, as the control plane knows it. */
export class Execution {
  readonly address: TaskAddress;
  readonly vertex: JobVertex;
  #state: ExecutionState;
  #dataFinished: boolean;
  #exited: boolean;

  /** `restoredAsFinished`: it had ended before the checkpoint and is not deployed. */
  constructor(address: TaskAddress, vertex: JobVertex, restoredAsFinished: boolean) {
    this.address = address;
    this.vertex = vertex;
    this.#state = restoredAsFinished ? 'FINISHED' : 'DEPLOYING';
    this.#dataFinished = restoredAsFinished;
    this.#exited = restoredAsFinished;
  }

  get state(): ExecutionState {
    return this.#state;
  }

  /** It has processed the end of its input: nothing follows but its last checkpoint. Stays true. */
  get dataFinished(): boolean {
    return this.#dataFinished;
  }

  get exited(): boolean {
    return this.#exited;
  }

  /** Deployed or running: it can be sent messages. */
  get alive(): boolean {
    return !this.#exited && (this.#state === 'DEPLOYING' || this.#state === 'RUNNING');
  }

  /** For people: `window (3/4)`. */
  get name(): string {
    return `${this.vertex.name} (${this.address.subtask + 1}/${this.vertex.parallelism})`;
  }

  to(state: ExecutionState): void {
    checkExecutionTransition(this.#state, state, this.name);
    this.#state = state;
    if (state === 'FINISHED') this.#dataFinished = true;
  }

  markDataFinished(): void {
    invariant(this.#state === 'RUNNING', 'only a running task ends its data', {
      task: this.name,
      state: this.#state,
    });
    this.#dataFinished = true;
  }

  markExited(): void {
    invariant(!this.#exited, 'a task exits once', { task: this.name });
    this.#exited = true;
  }
}

/**
 * The tasks of one attempt.
 *
 * Invariants:
 * - it belongs to one attempt; its shape never changes;
 * - states change along the table only; a finished task stays finished.
 */
export class ExecutionGraph {
  readonly graph: JobGraph;
  readonly attempt: number;
  /** Its sources take nothing: the input had been ended for good. */
  readonly drained: boolean;
  readonly #vertices: readonly (readonly Execution[])[];
  readonly #inputs: readonly (readonly JobEdge[])[];

  constructor(jobId: string, graph: JobGraph, attempt: number, restore: AttemptRestore | undefined) {
    this.graph = graph;
    this.attempt = attempt;
    this.drained = restore?.drained ?? false;
    this.#vertices = graph.vertices.map((vertex) =>
      Array.from(
        { length: vertex.parallelism },
        (_, subtask) =>
          new Execution(
            { jobId, attempt, vertexId: vertex.id, subtask },
            vertex,
            restore?.subtasks[vertex.id]?.[subtask] === 'finished',
          ),
      ),
    );
    this.#inputs = graph.vertices.map((vertex) => graph.edges.filter((edge) => edge.target === vertex.id));
  }

  get executions(): readonly Execution[] {
    return this.#vertices.flat();
  }

  /** By subtask. */
  vertex(vertexId: number): readonly Execution[] {
    const executions = this.#vertices[vertexId];
    invariant(executions !== undefined, 'a vertex of the graph', { vertexId });
    return executions;
  }

  execution(vertexId: number, subtask: number): Execution {
    const execution = this.vertex(vertexId)[subtask];
    invariant(execution !== undefined, 'a subtask of the graph', { vertexId, subtask });
    return execution;
  }

  get allRunning(): boolean {
    return this.executions.every(({ state }) => state === 'RUNNING' || state === 'FINISHED');
  }

  get allDataFinished(): boolean {
    return this.executions.every(({ dataFinished }) => dataFinished);
  }

  get allFinished(): boolean {
    return this.executions.every(({ state }) => state === 'FINISHED');
  }

  count(state: ExecutionState): number {
    return this.executions.filter((execution) => execution.state === state).length;
  }

  /** Whether every task that sends to this one has finished, so that no barrier can reach it. */
  hasNoRunningProducer(execution: Execution): boolean {
    const { vertexId, subtask } = execution.address;
    const edges = this.#inputs[vertexId] ?? [];
    return edges.every((edge) =>
      edge.partitioner === 'forward'
        ? this.execution(edge.source, subtask).state === 'FINISHED'
        : this.vertex(edge.source).every(({ state }) => state === 'FINISHED'),
    );
  }
}
