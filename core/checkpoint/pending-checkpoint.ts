import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import { ownEntry } from '../base/own-entry.js';
import type { JobVertex } from '../graph/job-graph.js';
import type { AccumulatorsByUid } from '../job/accumulator-totals.js';
import type { Execution, ExecutionGraph } from '../job/execution-graph.js';
import type { CheckpointMetrics, TaskAddress, TaskMessage } from '../protocol/control-message.js';
import type { CheckpointPlan } from './checkpoint-plan.js';
import { CheckpointRecording } from './checkpoint-recording.js';
import type { CheckpointRequest, SavepointOrder } from './checkpoint-request-decider.js';
import type {
  CheckpointKind,
  CheckpointManifest,
  SubtaskSnapshot,
  VertexSnapshot,
} from './snapshot-handle.js';
import { storedSubtasks } from './union-lists.js';

export type PendingState = 'PENDING' | 'STORING' | 'COMPLETED' | 'ABORTED';

const TRANSITIONS: Readonly<Record<PendingState, readonly PendingState[]>> = {
  PENDING: ['STORING', 'ABORTED'],
  STORING: ['COMPLETED', 'ABORTED'],
  COMPLETED: [],
  ABORTED: [],
};

export type AcknowledgeResult = 'SUCCESS' | 'DUPLICATE' | 'UNKNOWN';

/**
 * A checkpoint under way.
 *
 * Invariants:
 * - each task of the plan is counted once: when it acknowledges, or when it finishes before it could;
 * - a source's readers are triggered only after its enumerator's state has come (or the enumerator has
 *   finished), so that a split lies in exactly one of the two;
 * - of one that is to be full, no enumerator is asked and nobody triggered before all with keyed state know of it;
 * - what is stored was acknowledged by every task of the plan and every enumerator.
 */
export class PendingCheckpoint {
  readonly checkpointId: number;
  readonly request: CheckpointRequest;
  readonly triggered: Instant;
  /** What is to be seen of it; nothing is decided by it. */
  readonly recording: CheckpointRecording;
  #state: PendingState = 'PENDING';
  readonly #executions: ExecutionGraph;
  readonly #waiting: Set<Execution>;
  readonly #untriggered: Set<Execution>;
  readonly #enumeratorsWaiting: Set<number>;
  readonly #unprepared: Set<Execution>;
  #unasked: readonly Execution[];
  readonly #snapshots: (SubtaskSnapshot | 'finished')[][];
  readonly #enumerators: (Uint8Array | undefined)[] = [];

  constructor(
    checkpointId: number,
    request: CheckpointRequest,
    executions: ExecutionGraph,
    plan: CheckpointPlan,
    triggered: Instant,
  ) {
    this.checkpointId = checkpointId;
    this.request = request;
    this.triggered = triggered;
    const { graph } = executions;
    this.recording = new CheckpointRecording(checkpointId, this.#savepointType, graph, triggered);
    for (const { address, state } of executions.executions)
      if (state === 'FINISHED') this.recording.finished(address, triggered);
    this.#executions = executions;
    this.#waiting = new Set(plan.toAcknowledge);
    this.#untriggered = new Set(plan.toTrigger);
    this.#enumeratorsWaiting = new Set(plan.enumerators.map(({ address }) => address.vertexId));
    this.#unasked = plan.enumerators;
    this.#unprepared = new Set(plan.toPrepare);
    this.#snapshots = graph.vertices.map(({ parallelism }) =>
      new Array<'finished'>(parallelism).fill('finished'),
    );
  }

  get state(): PendingState {
    return this.#state;
  }

  /** An ordinary savepoint is of the job's log no part; one with which the job ends is a checkpoint there first. */
  get kind(): CheckpointKind {
    return this.#savepoint !== undefined && this.stop === undefined ? 'savepoint' : 'checkpoint';
  }

  /** How the job is to end with it. */
  get stop(): SavepointOrder['stop'] {
    return this.#savepoint?.stop;
  }

  /** For the tasks that no barrier reaches. */
  get trigger(): TaskMessage {
    const { checkpointId, kind } = this;
    const suspends = this.stop === 'suspend';
    return {
      type: 'trigger-checkpoint',
      checkpointId,
      timestamp: this.triggered.wallMs,
      // What the job ends with holds no in-flight data: nobody would process it.
      kind: this.stop === undefined ? kind : 'savepoint',
      suspends,
    };
  }

  get #savepointType(): 'SAVEPOINT' | 'SYNC_SAVEPOINT' | undefined {
    if (this.#savepoint === undefined) return undefined;
    return this.stop === undefined ? 'SAVEPOINT' : 'SYNC_SAVEPOINT';
  }

  get #savepoint(): SavepointOrder | undefined {
    return this.request.kind === 'user' ? this.request.savepoint : undefined;
  }

  /** Some task that no barrier would reach has not been told yet. */
  get triggering(): boolean {
    return this.#untriggered.size > 0;
  }

  get fullyAcknowledged(): boolean {
    return this.#waiting.size === 0 && this.#enumeratorsWaiting.size === 0;
  }

  /** For people: `7 PENDING 3/4`. */
  describe(): string {
    const acknowledged = this.snapshots().length;
    return `${this.checkpointId} ${this.#state} ${acknowledged}/${acknowledged + this.#waiting.size}`;
  }

  to(state: PendingState): void {
    invariant(
      TRANSITIONS[this.#state].includes(state),
      'a checkpoint goes from one state to another only where it is legal',
      { checkpointId: this.checkpointId, from: this.#state, to: state },
    );
    this.#state = state;
  }

  acknowledge(
    task: TaskAddress,
    snapshot: SubtaskSnapshot,
    metrics: CheckpointMetrics,
    now: Instant,
  ): AcknowledgeResult {
    const execution = this.#executions.execution(task.vertexId, task.subtask);
    const vertex = this.#snapshots[task.vertexId];
    if (!this.#waiting.delete(execution)) {
      return vertex?.[task.subtask] === 'finished' ? 'UNKNOWN' : 'DUPLICATE';
    }
    if (vertex !== undefined)
      vertex[task.subtask] = execution.sendsNothing ? { ...snapshot, dataFinished: true } : snapshot;
    this.recording.acknowledged(task, metrics, now);
    return 'SUCCESS';
  }

  /** Nothing changes if it was not awaited. */
  enumeratorSnapshot(vertexId: number, state: Uint8Array): void {
    if (this.#enumeratorsWaiting.delete(vertexId)) this.#enumerators[vertexId] = state;
  }

  /**
   * A task has finished. What it had to give lies in the completed checkpoint that let it finish, and its
   * consumers take the end of its channel for the barrier; so it is recorded as finished if it has not
   * acknowledged.
   */
  taskFinished(execution: Execution, now: Instant): void {
    this.recording.finished(execution.address, now);
    this.#waiting.delete(execution);
    this.#untriggered.delete(execution);
    this.#unprepared.delete(execution);
    const { vertexId, subtask } = execution.address;
    if (subtask === 0) this.#enumeratorsWaiting.delete(vertexId);
    for (const consumer of this.#waiting) {
      if (!consumer.vertex.isSource && this.#executions.hasNoRunningProducer(consumer)) {
        this.#untriggered.add(consumer);
      }
    }
  }

  /** The task knows that its snapshot is to be full. */
  prepared(task: TaskAddress): void {
    this.#unprepared.delete(this.#executions.execution(task.vertexId, task.subtask));
  }

  /**
   * Takes out the tasks whose enumerators are to be asked now. Not before it may go on to the triggers: a split that is
   * assigned in between would lie in both.
   */
  takeEnumerators(): readonly Execution[] {
    if (this.#unprepared.size > 0) return [];
    const asked = this.#unasked.filter(({ address }) => this.#enumeratorsWaiting.has(address.vertexId));
    this.#unasked = [];
    return asked;
  }

  /** Takes out the tasks that may be triggered now. */
  takeTriggerable(): readonly Execution[] {
    if (this.#unprepared.size > 0) return [];
    const ready = [...this.#untriggered].filter(
      ({ address }) => !this.#enumeratorsWaiting.has(address.vertexId),
    );
    for (const execution of ready) this.#untriggered.delete(execution);
    return ready;
  }

  /** Vertices of which some but not all subtasks have ended, though an operator of them has union state. */
  partlyFinishedUnionVertices(): readonly string[] {
    return this.#executions.graph.vertices
      .filter((vertex) => {
        const subtasks = this.#snapshots[vertex.id] ?? [];
        if (!subtasks.includes('finished')) return false;
        return subtasks.some(
          (snapshot, subtask) =>
            snapshot !== 'finished' &&
            hasUnionState(snapshot) &&
            !this.#executions.execution(vertex.id, subtask).dataFinished,
        );
      })
      .map(({ name }) => name);
  }

  /**
   * What is to be stored. Of a task that has acknowledged and finished since, what it accumulated lies in its snapshot.
   */
  manifest(epoch: number, completedMs: number): CheckpointManifest {
    const { checkpointId } = this;
    invariant(this.fullyAcknowledged, 'only a fully acknowledged checkpoint is stored', {
      checkpointId,
      waiting: this.#waiting.size,
    });
    const { graph, attempt, accumulators } = this.#executions;
    const accumulated = accumulators.ofEnded(
      ({ vertexId, subtask }) => this.#snapshots[vertexId]?.[subtask] === 'finished',
    );
    return {
      checkpointId,
      epoch,
      attempt,
      fingerprint: graph.fingerprint,
      jobName: graph.name,
      triggeredMs: this.triggered.wallMs,
      completedMs,
      kind: this.#executions.drained ? 'drained' : this.kind,
      vertices: graph.vertices.map((vertex) => ({
        vertexUid: vertex.uid,
        parallelism: vertex.parallelism,
        maxParallelism: vertex.maxParallelism,
        subtasks: storedSubtasks(this.#snapshots[vertex.id] ?? []),
        enumerator: this.#enumerators[vertex.id],
        ...endedOf(vertex, this.#snapshots[vertex.id]?.includes('finished') === true, accumulated),
      })),
    };
  }

  /** What has been acknowledged so far. */
  snapshots(): readonly SubtaskSnapshot[] {
    return this.#snapshots.flat().filter((snapshot) => snapshot !== 'finished');
  }
}

/** `partly`: some subtask has ended; where none has, operators may have had others that did. */
function endedOf(
  vertex: JobVertex,
  partly: boolean,
  accumulated: AccumulatorsByUid,
): Pick<VertexSnapshot, 'ended'> {
  const uids = vertex.operators
    .map(({ uid }) => uid)
    .filter((uid) => partly || Object.hasOwn(accumulated, uid));
  if (uids.length === 0) return {};
  return { ended: Object.fromEntries(uids.map((uid) => [uid, ownEntry(accumulated, uid) ?? {}])) };
}

function hasUnionState(snapshot: SubtaskSnapshot): boolean {
  return Object.values(snapshot.operators).some(({ lists }) =>
    Object.values(lists).some(({ mode, items }) => mode === 'union' && items.length > 0),
  );
}
