import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import type { SubtaskSnapshot } from '../checkpoint/snapshot-handle.js';
import type { JobEdge, JobGraph, JobVertex } from '../graph/job-graph.js';
import type { AttemptRestore } from '../ports/task-launcher.js';
import type { TaskAddress } from '../protocol/control-message.js';
import { AccumulatorTotals } from './accumulator-totals.js';
import { neverEntered, type StateTimes, type SubtaskDetails, type VertexDetails } from './job-details.js';
import {
  checkExecutionTransition,
  EXECUTION_STATES,
  type ExecutionState,
  isExecutionEnd,
} from './job-status.js';
import type { TaskPlacement } from './slot-sharing.js';

/** A thread has it, or is to have it. */
const ON_THREAD: readonly ExecutionState[] = ['DEPLOYING', 'INITIALIZING', 'RUNNING'];

/**
 * One task of one attempt, as the control plane knows it.
 *
 * Invariants: states change along the table only; each is entered at most once, and when is kept.
 */
export class Execution {
  readonly address: TaskAddress;
  readonly vertex: JobVertex;
  /** Who has the slot that it runs in; undefined while it has none. */
  taskManagerId: string | undefined;
  /** It had processed the end of its input before the checkpoint, and does so once more. */
  readonly #hadEnded: boolean;
  readonly #enteredMs: StateTimes<ExecutionState> = neverEntered(EXECUTION_STATES);
  #state: ExecutionState;
  #dataFinished: boolean;
  #exited: boolean;

  /** `restored`: what the checkpoint has of it; what had finished is not deployed. */
  constructor(
    address: TaskAddress,
    vertex: JobVertex,
    restored: SubtaskSnapshot | 'finished' | undefined,
    now: Instant,
  ) {
    const restoredAsFinished = restored === 'finished';
    this.address = address;
    this.vertex = vertex;
    this.#hadEnded = restored !== undefined && (restored === 'finished' || restored.dataFinished === true);
    this.#state = restoredAsFinished ? 'FINISHED' : 'CREATED';
    this.#enteredMs.CREATED = now.wallMs;
    this.#enteredMs[this.#state] = now.wallMs;
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

  /** No record of it follows, in this attempt or in one that is restored from now. */
  get sendsNothing(): boolean {
    return this.#hadEnded || this.#dataFinished;
  }

  get exited(): boolean {
    return this.#exited;
  }

  /** On its thread, and not told to end: it can be sent messages. */
  get alive(): boolean {
    return !this.#exited && ON_THREAD.includes(this.#state);
  }

  /** For people: `window (3/4)`. */
  get name(): string {
    return `${this.vertex.name} (${this.address.subtask + 1}/${this.vertex.parallelism})`;
  }

  get details(): SubtaskDetails {
    const { attempt, subtask } = this.address;
    return {
      subtask,
      attempt,
      state: this.#state,
      timestamps: { ...this.#enteredMs },
      taskManagerId: this.taskManagerId,
    };
  }

  to(state: ExecutionState, now: Instant): void {
    checkExecutionTransition(this.#state, state, this.name);
    this.#state = state;
    this.#enteredMs[state] = now.wallMs;
    if (state === 'FINISHED') this.#dataFinished = true;
  }

  /** It is to end before its time. Nothing where it has ended. */
  cancel(now: Instant): void {
    if (ON_THREAD.includes(this.#state)) this.to('CANCELING', now);
    else if (!isExecutionEnd(this.#state) && this.#state !== 'CANCELING') this.to('CANCELED', now);
  }

  /** It has ended, and not as it should: after it was told to, it was cancelled. False: it had ended before. */
  fail(now: Instant): boolean {
    if (isExecutionEnd(this.#state)) return false;
    this.to(this.#state === 'CANCELING' ? 'CANCELED' : 'FAILED', now);
    return true;
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
  /** The checkpoint that it begins from. */
  readonly restoredCheckpointId: number | undefined;
  readonly accumulators: AccumulatorTotals;
  readonly #vertices: readonly (readonly Execution[])[];
  readonly #inputs: readonly (readonly JobEdge[])[];

  constructor(
    job: { readonly jobId: string; readonly graph: JobGraph },
    attempt: number,
    restore: AttemptRestore | undefined,
    now: Instant,
  ) {
    const { jobId, graph } = job;
    this.graph = graph;
    this.attempt = attempt;
    this.drained = restore?.drained ?? false;
    this.restoredCheckpointId = restore?.checkpointId;
    this.accumulators = new AccumulatorTotals(restore?.accumulated);
    this.#vertices = graph.vertices.map((vertex) =>
      Array.from(
        { length: vertex.parallelism },
        (_, subtask) =>
          new Execution(
            { jobId, attempt, vertexId: vertex.id, subtask },
            vertex,
            restore?.subtasks[vertex.id]?.[subtask],
            now,
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

  /** Every task that is to be deployed enters the state. */
  to(state: 'SCHEDULED' | 'DEPLOYING', now: Instant): void {
    for (const execution of this.executions) if (execution.state !== 'FINISHED') execution.to(state, now);
  }

  /** Undefined: nobody knows of slots. */
  place(placement: TaskPlacement | undefined): void {
    for (const execution of this.executions) {
      const { vertexId, subtask } = execution.address;
      if (execution.state !== 'FINISHED')
        execution.taskManagerId = placement?.[vertexId]?.[subtask]?.taskManagerId;
    }
  }

  /** Its tasks have no slots yet. */
  get isWaiting(): boolean {
    return this.executions.some(({ state }) => state === 'SCHEDULED');
  }

  get details(): readonly VertexDetails[] {
    return this.#vertices.map((executions) => ({ subtasks: executions.map(({ details }) => details) }));
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
