import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import type { JobGraph } from '../graph/job-graph.js';
import type { CheckpointMetrics, TaskAddress } from '../protocol/control-message.js';
import type { CheckpointRecord, SubtaskCheckpoint } from './checkpoint-history.js';

type Place = Pick<TaskAddress, 'vertexId' | 'subtask'>;

/** What a task says that has nothing to snapshot: it had finished. */
const NOTHING: CheckpointMetrics = {
  alignmentMs: 0,
  startDelayMs: 0,
  syncMs: 0,
  asyncMs: 0,
  checkpointedBytes: 0,
  stateBytes: 0,
  processedBytes: 0,
  persistedBytes: 0,
  unaligned: false,
};

/**
 * What is seen of one checkpoint, from its trigger to its end and beyond.
 *
 * Invariants: it ends once, completed or failed; each subtask is entered at most once; only what is stored has a
 * place, and only what is complete is discarded.
 */
export class CheckpointRecording {
  readonly checkpointId: number;
  readonly #savepoint: 'SAVEPOINT' | 'SYNC_SAVEPOINT' | undefined;
  readonly #triggered: Instant;
  readonly #subtasks: (SubtaskCheckpoint | undefined)[][];
  #status: CheckpointRecord['status'] = 'IN_PROGRESS';
  #ended: Instant | undefined;
  #failure: CheckpointRecord['failure'];
  #externalPath: string | undefined;
  #discarded = false;

  constructor(
    checkpointId: number,
    savepoint: 'SAVEPOINT' | 'SYNC_SAVEPOINT' | undefined,
    graph: JobGraph,
    triggered: Instant,
  ) {
    this.checkpointId = checkpointId;
    this.#savepoint = savepoint;
    this.#triggered = triggered;
    this.#subtasks = graph.vertices.map(({ parallelism }) =>
      Array.from({ length: parallelism }, () => undefined),
    );
  }

  get status(): CheckpointRecord['status'] {
    return this.#status;
  }

  get isSavepoint(): boolean {
    return this.#savepoint !== undefined;
  }

  /** It is among the job's checkpoints, as one below that one. */
  isKeptBelow(checkpointId: number): boolean {
    return this.#status === 'COMPLETED' && !this.isSavepoint && this.checkpointId < checkpointId;
  }

  acknowledged({ vertexId, subtask }: Place, metrics: CheckpointMetrics, now: Instant): void {
    const vertex = this.#subtasks[vertexId];
    invariant(vertex !== undefined && vertex[subtask] === undefined, 'a subtask acknowledges once', {
      checkpointId: this.checkpointId,
      vertexId,
      subtask,
    });
    const durationMs = now.monotonicMs - this.#triggered.monotonicMs;
    vertex[subtask] = { subtask, ackMs: now.wallMs, durationMs, ...metrics };
  }

  /** It takes no part: it has nothing to give any more. */
  finished({ vertexId, subtask }: Place, now: Instant): void {
    if (this.#subtasks[vertexId]?.[subtask] === undefined)
      this.acknowledged({ vertexId, subtask }, NOTHING, now);
  }

  completed(now: Instant): void {
    this.#end('COMPLETED', now);
  }

  failed(message: string, now: Instant): void {
    this.#end('FAILED', now);
    this.#failure = { failedMs: now.wallMs, message };
  }

  liesAt(path: string): void {
    this.#externalPath = path;
  }

  discarded(): void {
    invariant(this.#status === 'COMPLETED', 'only what is complete is kept, and not any more');
    this.#discarded = true;
  }

  /** As it stands. */
  get record(): CheckpointRecord {
    const acknowledged = this.#acknowledged();
    const sum = (of: 'checkpointedBytes' | 'stateBytes' | 'processedBytes' | 'persistedBytes'): number =>
      acknowledged.reduce((total, subtask) => total + subtask[of], 0);
    return {
      checkpointId: this.checkpointId,
      status: this.#status,
      type:
        this.#savepoint ??
        (acknowledged.some(({ unaligned }) => unaligned) ? 'UNALIGNED_CHECKPOINT' : 'CHECKPOINT'),
      triggerMs: this.#triggered.wallMs,
      latestAckMs:
        acknowledged.length === 0 ? undefined : Math.max(...acknowledged.map(({ ackMs }) => ackMs)),
      durationMs: this.#durationMs(acknowledged),
      checkpointedBytes: sum('checkpointedBytes'),
      stateBytes: sum('stateBytes'),
      processedBytes: sum('processedBytes'),
      persistedBytes: sum('persistedBytes'),
      externalPath: this.#externalPath,
      discarded: this.#discarded,
      failure: this.#failure,
      tasks: this.#subtasks.map((subtasks, vertexId) => ({ vertexId, subtasks: [...subtasks] })),
    };
  }

  /** The longest that a task waited for its barriers, ms. */
  get alignmentMs(): number {
    return this.#acknowledged().reduce((most, { alignmentMs }) => Math.max(most, alignmentMs), 0);
  }

  #durationMs(acknowledged: readonly SubtaskCheckpoint[]): number {
    if (this.#ended !== undefined) return this.#ended.monotonicMs - this.#triggered.monotonicMs;
    return acknowledged.reduce((longest, { durationMs }) => Math.max(longest, durationMs), 0);
  }

  #acknowledged(): readonly SubtaskCheckpoint[] {
    return this.#subtasks.flat().filter((subtask) => subtask !== undefined);
  }

  #end(status: 'COMPLETED' | 'FAILED', now: Instant): void {
    invariant(this.#status === 'IN_PROGRESS', 'a checkpoint ends once', {
      checkpointId: this.checkpointId,
      from: this.#status,
      to: status,
    });
    this.#status = status;
    this.#ended = now;
  }
}
