import type { Instant } from '../base/instant.js';
import type { ExecutionGraph } from '../job/execution-graph.js';
import type { CheckpointConfig } from './checkpoint-config.js';
import type { CheckpointFailureReason } from './checkpoint-failure-reason.js';
import { type CheckpointRequest, CheckpointRequestDecider } from './checkpoint-request-decider.js';
import { armTimer, cancelTimer, sendTo, settleRequest } from './coordinator-effects.js';
import type { CoordinatorEffect, EventOf } from './coordinator-protocol.js';
import type { SavepointRequest } from './savepoint-exports.js';

/** Longest wait before a failed final checkpoint is tried again. */
const FINAL_RETRY_MS = 1000;

/** What is under way, for the decision on what may begin. */
export interface CheckpointLoad {
  readonly triggering: boolean;
  readonly pendingCount: number;
  readonly cleaningCount: number;
}

/**
 * When checkpoints of one attempt begin: at the interval, when somebody asks, and once when all data has
 * been processed.
 *
 * Invariants:
 * - nothing begins but between {@link begin} and {@link end};
 * - the final checkpoint is the first one to complete of those begun after all data had been processed;
 *   until it completes it is wished for again and again, and after it nothing begins by itself;
 * - a draining savepoint takes the place of the final checkpoint; a job has at most one stop on order;
 * - from the order to drain on nothing else begins before its end: who restored it would go on with sources of which
 *   some had ended their event time, and read on behind it. What begins after that is drained as well, also where the
 *   savepoint was not copied and the job ends without it;
 * - from the beginning of a suspending savepoint on nothing else begins before its end: timers and watermarks go on
 *   behind its barrier, and what they yield must not be committed, since who begins from the savepoint yields it again.
 */
export class CheckpointSchedule {
  readonly #config: CheckpointConfig;
  readonly #decider: CheckpointRequestDecider;
  #executions: ExecutionGraph | undefined;
  /** Vertices of sources that work off a backlog, and the attempt at the enumerator's task that said so. */
  readonly #backlogs = new Map<number, number>();
  /** When the next periodic checkpoint is due. */
  #dueMs = Number.POSITIVE_INFINITY;
  #lastCompletionMs = Number.NEGATIVE_INFINITY;
  #firstFinalId: number | undefined;
  #finalCompleted = false;
  /** The stop that is on order, until its outcome is known. */
  #stop: SavepointRequest | undefined;
  /** The stop that has begun: its snapshots are being taken, or copied. */
  #stopping: CheckpointRequest | undefined;
  /** The draining savepoint is wished for, or under way. */
  #drainQueued = false;

  constructor(config: CheckpointConfig) {
    this.#config = config;
    this.#decider = new CheckpointRequestDecider(config);
  }

  begin(executions: ExecutionGraph, now: Instant, effects: CoordinatorEffect[]): void {
    this.#executions = executions;
    this.#firstFinalId = undefined;
    this.#finalCompleted = false;
    this.#due(this.#interval, now, effects);
    this.requestFinal();
  }

  end(reason: CheckpointFailureReason, effects: CoordinatorEffect[]): void {
    if (this.#executions !== undefined) {
      cancelTimer('checkpoint-due', this.#executions.attempt, effects);
      cancelTimer('final-checkpoint-due', this.#executions.attempt, effects);
    }
    this.#executions = undefined;
    const stop = this.#stop;
    this.#stop = undefined;
    this.#stopping = undefined;
    const dropped = this.#decider.clear();
    for (const request of dropped) settleRequest(request, { completed: false, reason }, effects);
    // It waits for the end of the data.
    if (stop?.savepoint?.stop === 'drain' && !this.#drainQueued)
      settleRequest(stop, { completed: false, reason }, effects);
    this.#drainQueued = false;
  }

  /** A stop is on order, or under way. */
  get stops(): boolean {
    return this.#stop !== undefined;
  }

  get #drains(): boolean {
    return this.#stop?.savepoint?.stop === 'drain';
  }

  /** To be called whenever a task has processed its data, and when the retry is due. */
  requestFinal(): void {
    if (this.#executions?.allDataFinished !== true || this.#finalCompleted) return;
    if (this.#stop === undefined || !this.#drains) this.#decider.add({ kind: 'final' });
    else if (!this.#drainQueued) this.#drainQueued = this.#decider.add(this.#stop);
  }

  /**
   * True: the sources are drained from here on, and no checkpoint that is under way may complete. `isEnding`: the
   * job ends with a savepoint that is being copied, of an earlier attempt perhaps, whose order has gone with it.
   */
  onRequested(event: EventOf<'requested'>, isEnding: boolean, effects: CoordinatorEffect[]): boolean {
    const { requestId, savepoint, checkpointType = 'CONFIGURED' } = event;
    const request: SavepointRequest = { kind: 'user', requestId, savepoint, checkpointType };
    const stop = request.savepoint?.stop;
    if (this.#executions === undefined || (stop !== undefined && this.#finalCompleted)) {
      settleRequest(request, { completed: false, reason: 'NOT_ALL_REQUIRED_TASKS_RUNNING' }, effects);
    } else if (stop !== undefined && (this.#stop !== undefined || isEnding)) {
      settleRequest(request, { completed: false, reason: 'TOO_MANY_CHECKPOINT_REQUESTS' }, effects);
    } else if (stop === 'drain') {
      this.#stop = request;
      this.#executions.drain();
      const sources = this.#executions.executions.filter(
        ({ vertex, state }) => vertex.isSource && state === 'RUNNING',
      );
      sendTo(sources, { type: 'drain' }, effects);
      this.requestFinal();
      return true;
    } else if (this.#decider.add(request)) {
      if (stop !== undefined) this.#stop = request;
    } else {
      settleRequest(request, { completed: false, reason: 'TOO_MANY_CHECKPOINT_REQUESTS' }, effects);
    }
    return false;
  }

  /** The stop on order has come to its end, well or badly. */
  stopEnded(request: CheckpointRequest): void {
    if (request === this.#stop) this.#stop = undefined;
    if (request === this.#stopping) this.#stopping = undefined;
  }

  onDue(attempt: number, now: Instant, effects: CoordinatorEffect[]): void {
    if (this.#executions?.attempt !== attempt || this.#finalCompleted) return;
    if (this.#interval !== Number.POSITIVE_INFINITY) this.#decider.add({ kind: 'periodic' });
    this.#due(this.#interval, now, effects);
  }

  /** As Flink: a longer interval holds from the next checkpoint on, a shorter one at once. */
  onBacklog(event: EventOf<'backlog-reported'>, now: Instant, effects: CoordinatorEffect[]): void {
    const { task, isProcessingBacklog } = event;
    if (isProcessingBacklog) this.#backlogs.set(task.vertexId, task.attempt);
    else this.#backlogs.delete(task.vertexId);
    const interval = this.#interval;
    if (now.monotonicMs + interval < this.#dueMs) this.#due(interval, now, effects);
  }

  /** From one periodic checkpoint to the next, as things are. */
  get #interval(): number {
    const hasBacklog = [...this.#backlogs].some(
      ([vertexId, attempt]) => this.#executions?.vertex(vertexId)[0]?.address.attempt === attempt,
    );
    return hasBacklog ? this.#config.intervalDuringBacklogMs : this.#config.intervalMs;
  }

  /** The next periodic checkpoint, in place of the one that was due. */
  #due(delayMs: number, now: Instant, effects: CoordinatorEffect[]): void {
    this.#dueMs = now.monotonicMs + delayMs;
    if (this.#executions === undefined || delayMs === Number.POSITIVE_INFINITY) return;
    armTimer('checkpoint-due', this.#executions.attempt, delayMs, effects);
  }

  onFinalDue(attempt: number): void {
    if (this.#executions?.attempt === attempt) this.requestFinal();
  }

  /** Takes the request to run now; undefined: none may begin. */
  next(load: CheckpointLoad, now: Instant, effects: CoordinatorEffect[]): CheckpointRequest | undefined {
    while (this.#executions !== undefined) {
      const alone = this.#drains || this.#stopping !== undefined;
      if (alone && this.#decider.queued[0] !== this.#stop) return undefined;
      const decision = this.#decider.decide({
        ...load,
        lastCompletionMs: this.#lastCompletionMs,
        nowMs: now.monotonicMs,
      });
      if (decision.type === 'run') {
        if (decision.request === this.#stop) this.#stopping = this.#stop;
        return decision.request;
      }
      if (decision.type === 'none') return undefined;
      this.#due(decision.retryInMs, now, effects);
    }
    return undefined;
  }

  /** Whether the checkpoint is to build on no other. A savepoint is copied, whatever it builds on. */
  isFull(request: CheckpointRequest): boolean {
    const user = request.kind === 'user' ? request : undefined;
    if (user?.savepoint !== undefined) return false;
    const type = user?.checkpointType ?? 'CONFIGURED';
    return type === 'CONFIGURED' ? !this.#config.incremental : type === 'FULL';
  }

  onTriggered(checkpointId: number): void {
    if (this.#executions?.allDataFinished === true) this.#firstFinalId ??= checkpointId;
  }

  onCompleted(checkpointId: number, now: Instant): void {
    this.#lastCompletionMs = now.monotonicMs;
    if (this.#firstFinalId !== undefined && checkpointId >= this.#firstFinalId) this.#finalCompleted = true;
  }

  /**
   * Tasks wait for the final checkpoint, so one that failed is not left to the interval.
   *
   * @returns whether the wish is fulfilled later all the same: a draining savepoint is tried again
   */
  onAborted(checkpointId: number, request: CheckpointRequest, effects: CoordinatorEffect[]): boolean {
    const triesAgain = this.#drainQueued && request === this.#stop;
    if (triesAgain) this.#drainQueued = false;
    else this.stopEnded(request);
    this.#retryFinal(checkpointId, effects);
    return triesAgain;
  }

  #retryFinal(checkpointId: number, effects: CoordinatorEffect[]): void {
    const isFinal = this.#firstFinalId !== undefined && checkpointId >= this.#firstFinalId;
    if (!isFinal || this.#finalCompleted || this.#executions === undefined) return;
    const delayMs = Math.min(this.#config.intervalMs, FINAL_RETRY_MS);
    armTimer('final-checkpoint-due', this.#executions.attempt, delayMs, effects);
  }
}
