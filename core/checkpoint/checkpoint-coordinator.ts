import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import type { Execution, ExecutionGraph } from '../job/execution-graph.js';
import type { WireError } from '../protocol/wire-error.js';
import type { CheckpointConfig } from './checkpoint-config.js';
import { storageSilent } from './checkpoint-error.js';
import type { CheckpointFailureReason } from './checkpoint-failure-reason.js';
import { CheckpointFinalizer, type FinalizeOutcome } from './checkpoint-finalizer.js';
import type { CheckpointHistory } from './checkpoint-history.js';
import type { CheckpointFailure } from './checkpoint-ledger.js';
import { CheckpointLedger } from './checkpoint-ledger.js';
import type { CheckpointRequest } from './checkpoint-request-decider.js';
import { CheckpointSchedule } from './checkpoint-schedule.js';
import type { CheckpointStatistics } from './checkpoint-statistics.js';
import { beginCheckpoint } from './checkpoint-trigger.js';
import { CheckpointedTasks } from './checkpointed-tasks.js';
import { armTimer, cancelTimer, sendTo, settleRequest, traceEvent } from './coordinator-effects.js';
import type {
  CheckpointTimer,
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorJob,
  CoordinatorVerdict,
  EventOf,
} from './coordinator-protocol.js';
import type { PendingCheckpoint } from './pending-checkpoint.js';
import { PendingCheckpoints } from './pending-checkpoints.js';
import { type EndedExport, SavepointExports } from './savepoint-exports.js';
import type { CheckpointManifest } from './snapshot-handle.js';

type BeforeTriggers = EventOf<'enumerator-snapshot' | 'full-snapshot-prepared'>;

/**
 * Takes the checkpoints of one job, over all its attempts.
 *
 * Invariants:
 * - checkpoint ids strictly grow and are never used twice;
 * - a checkpoint is complete only after the storage has said so, and only then are tasks told;
 * - no task is told that a checkpoint is complete after it was told that it is aborted, or the reverse;
 * - at most `maxConcurrentCheckpoints` are pending;
 * - what is acknowledged for a checkpoint that is not pending is removed, unless a completed one names it;
 * - after the leadership is lost, nothing is sent and nothing is stored or removed.
 */
export class CheckpointCoordinator {
  readonly #epoch: number;
  readonly #config: CheckpointConfig;
  readonly #schedule: CheckpointSchedule;
  readonly #ledger: CheckpointLedger;
  readonly #finalizer = new CheckpointFinalizer();
  readonly #exports: SavepointExports;
  readonly #pending: PendingCheckpoints;
  readonly #tasks = new CheckpointedTasks();
  #leadershipLost = false;
  /** The storage may complete a checkpoint at any time without this coordinator learning of it. */
  #outcomeUnknowable = false;
  #verdict: CoordinatorVerdict | undefined;

  constructor(job: CoordinatorJob, config: CheckpointConfig) {
    this.#epoch = job.epoch;
    this.#config = config.minPauseMs > 0 ? { ...config, maxConcurrentCheckpoints: 1 } : config;
    this.#pending = new PendingCheckpoints(this.#config.maxConcurrentCheckpoints, job);
    this.#schedule = new CheckpointSchedule(this.#config);
    this.#ledger = new CheckpointLedger(config, job, this.#pending);
    this.#exports = new SavepointExports(config.timeoutMs);
  }

  /** What a new attempt starts from, which is noted. Must not be asked while {@link storing}. */
  restore(now: Instant): CheckpointManifest | undefined {
    invariant(!this.storing, 'nothing is restored while the outcome of a checkpoint is open');
    return this.#ledger.restore(now);
  }

  /** Whether the job is to end with a savepoint, and what the next attempt would go on from. */
  get standing(): { readonly stopping: boolean; readonly completed: CheckpointManifest | undefined } {
    return { stopping: this.#schedule.stops, completed: this.#ledger.latest };
  }

  /** True while it is not known whether some checkpoint is complete. */
  get storing(): boolean {
    return this.#finalizer.busy;
  }

  /** True while savepoints are being copied: nothing that they name may go. */
  get exporting(): boolean {
    return this.#exports.busy;
  }

  /** True while the storage works for this coordinator on what must end before the job does. */
  get busy(): boolean {
    return !this.#leadershipLost && (this.#finalizer.busy || this.#exports.busy || this.#ledger.cleaner.busy);
  }

  get statistics(): CheckpointStatistics {
    return this.#ledger.statistics(this.#pending.size);
  }

  get history(): CheckpointHistory {
    return this.#ledger.history;
  }

  describe(): string {
    return this.#pending.describe();
  }

  handle(
    event: CoordinatorEvent,
    now: Instant,
    effects: CoordinatorEffect[],
  ): CoordinatorVerdict | undefined {
    if (this.#leadershipLost) return undefined;
    this.#verdict = undefined;
    this.#dispatch(event, now, effects);
    if (this.#leadershipLost) return this.#verdict;
    this.#storeNext(now, effects);
    const executions = this.#tasks.whole;
    if (executions !== undefined && this.#verdict === undefined) this.#runRequests(executions, now, effects);
    return this.#verdict;
  }

  #dispatch(event: CoordinatorEvent, now: Instant, effects: CoordinatorEffect[]): void {
    switch (event.type) {
      case 'attempt-running':
        this.#onAttemptRunning(event.executions, now, effects);
        break;
      case 'regions-failing':
        this.#tasks.onSomeFailing();
        this.#abandonAll('JOB_FAILOVER_REGION', now, effects);
        break;
      case 'attempt-failing':
        this.#deactivate('JOB_FAILURE', now, effects);
        break;
      case 'attempt-gone':
        this.#deactivate('JOB_FAILURE', now, effects);
        // What may yet become complete may name files of aborted checkpoints: those stay for now.
        if (!this.storing && !this.#outcomeUnknowable)
          this.#ledger.cleaner.discardBelow(Number.POSITIVE_INFINITY, effects);
        break;
      case 'stopped':
        this.#deactivate('CHECKPOINT_COORDINATOR_SHUTDOWN', now, effects);
        break;
      case 'task-data-finished':
        this.#schedule.requestFinal();
        break;
      case 'task-finished':
        this.#onTaskFinished(event.execution, now, effects);
        break;
      case 'acknowledged':
        this.#onAcknowledged(event, now, effects);
        break;
      case 'declined':
        this.#onDeclined(event, now, effects);
        break;
      case 'enumerator-snapshot':
      case 'full-snapshot-prepared':
        this.#onAnswered(event, now, effects);
        break;
      case 'backlog-reported':
        this.#schedule.onBacklog(event, now, effects);
        break;
      case 'requested':
        if (this.#schedule.onRequested(event, this.#exports.drains, effects))
          this.#abortAll('CHECKPOINT_SUBSUMED', now, effects);
        break;
      case 'timer':
        this.#onTimer(event.timer, now, effects);
        break;
      case 'checkpoints-retained':
      case 'files-discarded':
        this.#ledger.cleaned(event, effects);
        if (event.error?.code === 'MR8003') this.#loseLeadership(event.error, now, effects);
        break;
      case 'savepoint-exported':
      case 'savepoint-export-failed':
        this.#onExported(this.#exports.handle(event, effects), now, effects);
        break;
      default:
        this.#onFinalized(this.#finalizer.handle(event, effects), now, effects);
    }
  }

  // ---- attempts

  #onAttemptRunning(executions: ExecutionGraph, now: Instant, effects: CoordinatorEffect[]): void {
    const { size } = this.#pending;
    invariant(size === 0, 'one attempt takes checkpoints at a time', { attempt: executions.attempt, size });
    this.#tasks.onAllRunning(executions);
    this.#schedule.begin(executions, now, effects);
  }

  /** Nothing begins and nobody is told anything until the next attempt runs; what is being stored goes on. */
  #deactivate(reason: CheckpointFailureReason, now: Instant, effects: CoordinatorEffect[]): void {
    this.#tasks.onGone();
    this.#abandonAll(reason, now, effects);
  }

  #abandonAll(reason: CheckpointFailureReason, now: Instant, effects: CoordinatorEffect[]): void {
    this.#schedule.end(reason, effects);
    this.#abortAll(reason, now, effects);
  }

  #abortAll(reason: CheckpointFailureReason, now: Instant, effects: CoordinatorEffect[]): void {
    for (const pending of this.#pending.all)
      if (pending !== this.#finalizer.current) this.#abort(pending, { reason }, now, effects);
  }

  #onTaskFinished(execution: Execution, now: Instant, effects: CoordinatorEffect[]): void {
    for (const pending of this.#pending.all) {
      if (pending.state !== 'PENDING') continue;
      pending.taskFinished(execution, now);
      this.#advance(pending, now, effects);
    }
  }

  #runRequests(executions: ExecutionGraph, now: Instant, effects: CoordinatorEffect[]): void {
    for (;;) {
      const { triggering, size } = this.#pending;
      const load = { triggering, pendingCount: size, cleaningCount: this.#ledger.cleaner.count };
      const request = this.#schedule.next(load, now, effects);
      if (request === undefined) return;
      this.#trigger(request, executions, now, effects);
    }
  }

  #trigger(
    request: CheckpointRequest,
    executions: ExecutionGraph,
    now: Instant,
    effects: CoordinatorEffect[],
  ): void {
    const order = {
      request,
      executions,
      full: this.#schedule.isFull(request),
      timeoutMs: this.#config.timeoutMs,
    };
    const pending = beginCheckpoint(order, this.#pending, now, effects);
    if (pending === undefined) return;
    this.#schedule.onTriggered(pending.checkpointId);
    this.#ledger.triggered(pending);
    this.#advance(pending, now, effects);
  }

  // ---- a checkpoint under way

  /** Sends the triggers that may go now, and hands the checkpoint on once nothing is missing. */
  #advance(pending: PendingCheckpoint, now: Instant, effects: CoordinatorEffect[]): void {
    const { checkpointId } = pending;
    sendTo(pending.takeEnumerators(), { type: 'snapshot-enumerator', checkpointId }, effects);
    sendTo(pending.takeTriggerable(), pending.trigger, effects);
    if (!pending.fullyAcknowledged) return;
    if (pending.partlyFinishedUnionVertices().length > 0) {
      this.#abort(pending, { reason: 'CHECKPOINT_DECLINED_TASK_CLOSING' }, now, effects);
      return;
    }
    cancelTimer('checkpoint-timeout', checkpointId, effects);
    if (pending.kind === 'savepoint') this.#export(pending, now, effects);
    else this.#finalizer.enqueue(pending);
  }

  #onAcknowledged(event: EventOf<'acknowledged'>, now: Instant, effects: CoordinatorEffect[]): void {
    const { checkpointId, task, snapshot, metrics } = event;
    const pending = this.#pending.triggered(checkpointId);
    const result = pending?.acknowledge(task, snapshot, metrics, now) ?? 'UNKNOWN';
    const { vertexId, subtask } = task;
    if (result === 'UNKNOWN') this.#ledger.cleaner.abandon(checkpointId, snapshot);
    if (result === 'SUCCESS' && pending !== undefined) this.#advance(pending, now, effects);
    else traceEvent('checkpoint.ignored-acknowledge', { checkpointId, vertexId, subtask, result }, effects);
  }

  #onDeclined(event: EventOf<'declined'>, now: Instant, effects: CoordinatorEffect[]): void {
    const { reason, error } = event;
    const pending = this.#pending.get(event.checkpointId);
    if (pending?.state === 'PENDING') this.#abort(pending, { reason, error }, now, effects);
  }

  /** What has to come before the triggers. */
  #onAnswered(event: BeforeTriggers, now: Instant, effects: CoordinatorEffect[]): void {
    const pending = this.#pending.get(event.checkpointId);
    if (pending?.state !== 'PENDING') return;
    const { task } = event;
    if (event.type === 'full-snapshot-prepared') pending.prepared(task);
    else pending.enumeratorSnapshot(task.vertexId, event.state);
    this.#advance(pending, now, effects);
  }

  #onTimer({ name, id }: CheckpointTimer, now: Instant, effects: CoordinatorEffect[]): void {
    if (name === 'checkpoint-due') this.#schedule.onDue(id, now, effects);
    else if (name === 'final-checkpoint-due') this.#schedule.onFinalDue(id);
    else if (name === 'checkpoint-outcome-due') this.#finalizer.onOutcomeDue(id, effects);
    else {
      const pending = this.#pending.get(id);
      if (pending?.state === 'PENDING') this.#abort(pending, { reason: 'CHECKPOINT_EXPIRED' }, now, effects);
      const silent = storageSilent(id, this.#config.timeoutMs);
      this.#onFinalized(this.#finalizer.onTimeout(id, silent), now, effects);
      this.#onExported(this.#exports.onTimeout(id, effects), now, effects);
    }
  }

  #storeNext(now: Instant, effects: CoordinatorEffect[]): void {
    const pending = this.#finalizer.next();
    if (pending === undefined || this.#outcomeUnknowable) return;
    armTimer('checkpoint-timeout', pending.checkpointId, this.#config.timeoutMs, effects);
    this.#finalizer.store(pending.manifest(this.#epoch, now.wallMs), effects);
  }

  #onFinalized(outcome: FinalizeOutcome, now: Instant, effects: CoordinatorEffect[]): void {
    switch (outcome.type) {
      case 'none':
        break;
      case 'completed':
        this.#onCompleted(outcome.pending, outcome.manifest, now, effects);
        break;
      case 'failed': {
        const failure = { reason: 'FINALIZE_CHECKPOINT_FAILURE', error: outcome.error } as const;
        this.#abort(outcome.pending, failure, now, effects);
        break;
      }
      case 'leadership-lost':
        this.#loseLeadership(outcome.error, now, effects);
        break;
      case 'unknowable':
        this.#outcomeUnknowable = true;
        this.#pending.remove(outcome.pending);
        this.#ledger.lost(outcome.pending, outcome.error.what, now);
        this.#verdict = { type: 'fail-job', error: outcome.error, fatal: true };
    }
  }

  #onCompleted(
    pending: PendingCheckpoint,
    manifest: CheckpointManifest,
    now: Instant,
    effects: CoordinatorEffect[],
  ): void {
    const { checkpointId, request } = pending;
    this.#pending.remove(pending);
    this.#ledger.completed(pending, manifest, now, effects);
    this.#schedule.onCompleted(checkpointId, now);
    if (pending.stop === undefined) settleRequest(request, { completed: true, checkpointId }, effects);
    else this.#exports.begin(pending, manifest, effects);
    for (const older of this.#pending.all) {
      if (older.checkpointId < checkpointId)
        this.#abort(older, { reason: 'CHECKPOINT_SUBSUMED' }, now, effects);
    }
    sendTo(this.#tasks.running, { type: 'checkpoint-completed', checkpointId }, effects);
    this.#ledger.cleaner.onCompleted(checkpointId, effects);
  }

  /** For the tasks it is over: their next snapshot builds on the checkpoint before it. */
  #export(pending: PendingCheckpoint, now: Instant, effects: CoordinatorEffect[]): void {
    const { checkpointId } = pending;
    pending.to('STORING');
    this.#pending.remove(pending);
    this.#exports.begin(pending, pending.manifest(this.#epoch, now.wallMs), effects);
    sendTo(this.#tasks.running, { type: 'checkpoint-aborted', checkpointId }, effects);
  }

  #onExported(ended: EndedExport | undefined, now: Instant, effects: CoordinatorEffect[]): void {
    if (ended === undefined) return;
    this.#ledger.exported(ended, now);
    const { pending, request, attempt, path } = ended;
    const { checkpointId, stop } = pending;
    if (stop === undefined) return;
    this.#schedule.stopEnded(request);
    const sameAttempt = this.#tasks.whole?.attempt === attempt;
    if (path === undefined) sendTo(sameAttempt ? this.#tasks.running : [], { type: 'resume' }, effects);
    else if (sameAttempt || stop === 'drain') {
      // Tasks finish that have not come to their end: no checkpoint may say that they have.
      this.#deactivate('CHECKPOINT_COORDINATOR_SHUTDOWN', now, effects);
      this.#verdict = { type: 'stop', stopped: { requestId: request.requestId, checkpointId, path } };
    } else settleRequest(request, { completed: false, reason: 'JOB_FAILURE' }, effects);
  }

  #abort(
    pending: PendingCheckpoint,
    failure: CheckpointFailure,
    now: Instant,
    effects: CoordinatorEffect[],
  ): void {
    const { checkpointId, request } = pending;
    this.#finalizer.remove(pending);
    this.#pending.remove(pending);
    const verdict = this.#ledger.aborted(pending, failure, now, effects);
    sendTo(this.#tasks.running, { type: 'checkpoint-aborted', checkpointId }, effects);
    if (!this.#schedule.onAborted(checkpointId, request, effects))
      settleRequest(request, { completed: false, ...failure }, effects);
    if (verdict !== undefined) this.#verdict = verdict;
  }

  #loseLeadership(error: WireError, now: Instant, effects: CoordinatorEffect[]): void {
    this.#leadershipLost = true;
    this.#tasks.onGone();
    for (const pending of this.#pending.all) {
      this.#pending.remove(pending);
      this.#ledger.lost(pending, error.what, now);
    }
    this.#schedule.end('CHECKPOINT_COORDINATOR_SHUTDOWN', effects);
    this.#verdict = { type: 'leadership-lost', error };
  }
}
