import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import type { SubtaskSnapshot } from '../checkpoint/snapshot-handle.js';
import { isPointwise, type JobEdge, type JobGraph, type JobVertex } from '../graph/job-graph.js';
import type { AttemptRestore, PipelinedRegion } from '../ports/task-launcher.js';
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
 * The tasks of a job, as they are now: those of the newest attempt, and of older ones in the regions that have not
 * failed since.
 *
 * Invariants:
 * - its shape never changes; the tasks of a region are of one attempt;
 * - states change along the table only; a finished task stays finished, unless its region goes back.
 */
export class ExecutionGraph {
  readonly graph: JobGraph;
  readonly accumulators: AccumulatorTotals;
  readonly #jobId: string;
  readonly #vertices: Execution[][];
  /** All of them: every report of a task asks for some. */
  #all: readonly Execution[];
  readonly #inputs: readonly (readonly JobEdge[])[];
  #attempt: number;
  #restoredCheckpointId: number | undefined;
  #drained: boolean;

  constructor(
    job: { readonly jobId: string; readonly graph: JobGraph },
    attempt: number,
    restore: AttemptRestore | undefined,
    now: Instant,
  ) {
    const { jobId, graph } = job;
    this.graph = graph;
    this.#drained = restore?.drained ?? false;
    this.accumulators = new AccumulatorTotals(restore?.accumulated);
    this.#jobId = jobId;
    this.#attempt = attempt;
    this.#restoredCheckpointId = restore?.checkpointId;
    this.#vertices = graph.vertices.map((vertex) =>
      Array.from({ length: vertex.parallelism }, (_, subtask) =>
        this.#created(vertex, subtask, restore, now),
      ),
    );
    this.#all = this.#vertices.flat();
    this.#inputs = graph.vertices.map((vertex) => graph.edges.filter((edge) => edge.target === vertex.id));
  }

  /** Its sources take nothing: the input has been ended for good. */
  get drained(): boolean {
    return this.#drained;
  }

  /** The input ends for good here, whatever becomes of the order to end it: sources cannot take that back. */
  drain(): void {
    this.#drained = true;
  }

  /** The newest one. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The checkpoint that the newest attempt begins from. */
  get restoredCheckpointId(): number | undefined {
    return this.#restoredCheckpointId;
  }

  /** Tasks of a new attempt take the place of those of a region, of which nothing runs any more. */
  replace(region: PipelinedRegion, attempt: number, restore: AttemptRestore | undefined, now: Instant): void {
    this.#attempt = attempt;
    this.#restoredCheckpointId = restore?.checkpointId;
    for (const { vertex, address } of this.of(region)) {
      const { vertexId, subtask } = address;
      const subtasks = this.#vertices[vertexId];
      invariant(subtasks !== undefined, 'a vertex of the graph', { vertexId });
      const created = this.#created(vertex, subtask, restore, now);
      if (created.state !== 'FINISHED') this.accumulators.forget(address);
      subtasks[subtask] = created;
    }
    this.#all = this.#vertices.flat();
  }

  #created(vertex: JobVertex, subtask: number, restore: AttemptRestore | undefined, now: Instant): Execution {
    const address = { jobId: this.#jobId, attempt: this.#attempt, vertexId: vertex.id, subtask };
    return new Execution(address, vertex, restore?.subtasks[vertex.id]?.[subtask], now);
  }

  of({ subtasks }: PipelinedRegion): readonly Execution[] {
    return this.executions.filter(({ address }) => subtasks[address.vertexId]?.[address.subtask] === true);
  }

  /** The task itself, and no other attempt at it; undefined: it is none of the present ones. */
  find({ attempt, vertexId, subtask }: TaskAddress): Execution | undefined {
    const execution = this.#vertices[vertexId]?.[subtask];
    return execution?.address.attempt === attempt ? execution : undefined;
  }

  get executions(): readonly Execution[] {
    return this.#all;
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

  /** Those that have been made wait for their slots from now on. False: there are none. */
  schedule(now: Instant): boolean {
    const created = this.executions.filter(({ state }) => state === 'CREATED');
    for (const execution of created) execution.to('SCHEDULED', now);
    return created.length > 0;
  }

  /** Those that waited have their slots. `placement`: undefined: nobody knows of slots. */
  deploy(placement: TaskPlacement | undefined, now: Instant): void {
    for (const execution of this.executions) {
      if (execution.state !== 'SCHEDULED') continue;
      const { vertexId, subtask } = execution.address;
      execution.taskManagerId = placement?.[vertexId]?.[subtask]?.taskManagerId;
      execution.to('DEPLOYING', now);
    }
  }

  /** Some of its tasks have no slots yet. */
  get isWaiting(): boolean {
    return this.executions.some(({ state }) => state === 'SCHEDULED');
  }

  get details(): readonly VertexDetails[] {
    return this.#vertices.map((executions) => ({ subtasks: executions.map(({ details }) => details) }));
  }

  get allRunning(): boolean {
    return this.executions.every(({ state }) => state === 'RUNNING' || state === 'FINISHED');
  }

  /** Some of its tasks have a thread, and do not run yet. */
  get anyDeploying(): boolean {
    return this.executions.some(({ state }) => state === 'DEPLOYING' || state === 'INITIALIZING');
  }

  get anyAlive(): boolean {
    return this.executions.some(({ alive }) => alive);
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
      isPointwise(edge)
        ? this.execution(edge.source, subtask).state === 'FINISHED'
        : this.vertex(edge.source).every(({ state }) => state === 'FINISHED'),
    );
  }
}
