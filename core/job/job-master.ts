import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import { isMillraceError } from '../base/millrace-error.js';
import type { CheckpointConfig } from '../checkpoint/checkpoint-config.js';
import { CheckpointCoordinator } from '../checkpoint/checkpoint-coordinator.js';
import type { StoredJobResult } from '../checkpoint/checkpoint-storage.js';
import { refuseRequest, traceEvent } from '../checkpoint/coordinator-effects.js';
import type { CoordinatorEffect, CoordinatorEvent } from '../checkpoint/coordinator-protocol.js';
import type { TaskEvent } from '../ports/task-launcher.js';
import type { TaskReport } from '../protocol/control-message.js';
import { toWireError, type WireError } from '../protocol/wire-error.js';
import { Attempt, type SourceReport } from './attempt.js';
import { coordinatorEventOf } from './checkpoint-report.js';
import type { Execution } from './execution-graph.js';
import { Failover } from './failover.js';
import type { Failure } from './failure-history.js';
import { JobClosing } from './job-closing.js';
import { locatedIn, unexpectedExit } from './job-error.js';
import { outcomeOf } from './job-outcome.js';
import type { JobEffect, JobEvent, JobMasterJob, JobTimer } from './job-protocol.js';
import { JobRecord } from './job-record.js';
import type { JobStatus } from './job-status.js';
import { JobView } from './job-view.js';
import { RESCALE_REQUEST, RescaleProgress } from './rescale-progress.js';
import type { RestartStrategy } from './restart-strategy.js';
import { SavepointStop } from './savepoint-stop.js';
import { SlotClaim } from './slot-claim.js';

type TaskProgress = 'initializing' | 'running' | 'data-finished';
type TaskEnd = Extract<TaskReport, { type: 'finished' | 'canceled' | 'failed' }>;

/**
 * The life of one job: deploys an attempt, restarts from the newest completed checkpoint when a task fails,
 * and ends when all tasks have finished. Every message to a task comes from here, in order.
 *
 * Invariants:
 * - at most one attempt is alive; the next is deployed only when nothing of the last one runs;
 * - nothing is restored while the outcome of a checkpoint is open;
 * - what an older attempt still says is ignored;
 * - the restart strategy is asked once for each failed attempt;
 * - a terminal state is final, and `settled` is the last effect;
 * - after the leadership is lost the storage is not touched.
 */
export class JobMaster {
  readonly view: JobView;
  readonly #job: JobMasterJob;
  readonly #name: string;
  readonly #coordinator: CheckpointCoordinator | undefined;
  readonly #closing: JobClosing;
  readonly #failover: Failover;
  readonly #stop = new SavepointStop();
  readonly #slots: SlotClaim;
  readonly #rescale: RescaleProgress;
  readonly #record: JobRecord;
  #attempt: Attempt | undefined;
  #leadershipLost = false;

  constructor(job: JobMasterJob, checkpointing: CheckpointConfig | undefined, strategy: RestartStrategy) {
    this.#job = job;
    this.#name = job.graph.name;
    this.#slots = new SlotClaim(job.slots);
    this.#rescale = new RescaleProgress(job.graph.name, this.#slots, job.rescaling);
    this.#failover = new Failover(job, strategy);
    this.#closing = new JobClosing(job.graph.name, checkpointing?.retainOnCancellation ?? false);
    if (checkpointing !== undefined) this.#coordinator = new CheckpointCoordinator(job, checkpointing);
    this.#record = new JobRecord(job);
    this.view = new JobView({
      job,
      record: this.#record,
      coordinator: this.#coordinator,
      rescale: this.#rescale,
      stop: this.#stop,
      history: this.#failover.history,
    });
  }

  handle(event: JobEvent, now: Instant, effects: JobEffect[]): void {
    if (this.#record.isOver) return;
    this.#dispatch(event, now, effects);
    this.#proceed(now, effects);
  }

  #dispatch(event: JobEvent, now: Instant, effects: JobEffect[]): void {
    switch (event.type) {
      case 'started':
        if (this.#record.status !== 'INITIALIZING') break;
        this.#record.to('CREATED', now, effects);
        this.#deploy(now, effects);
        break;
      case 'launch-failed':
        if (this.#onGone(event.attempt, true, now, effects)) this.#fail({ error: event.error }, now, effects);
        break;
      case 'task':
        this.#onTaskEvent(event.event, now, effects);
        break;
      case 'attempt-terminated':
        if (this.#onGone(event.attempt, event.error === undefined, now, effects) && event.error !== undefined)
          this.#giveUp({ error: event.error }, 'Its threads could not be ended.', now, effects);
        break;
      case 'timer':
        this.#onTimer(event.timer, now, effects);
        break;
      case 'cancel-requested':
        this.#onCancelRequested(now, effects);
        break;
      case 'checkpoint-requested':
        if (this.#coordinator === undefined) refuseRequest(event.requestId, effects);
        else this.#coordinate({ ...event, type: 'requested' }, now, effects);
        break;
      case 'slots-granted':
        this.#slots.onGranted(event.slots);
        this.#attempt?.onSlots(now, effects);
        break;
      case 'rescale-requested':
        this.#rescale.request(event, this.view, now, effects);
        break;
      case 'result-stored':
        if (this.#closing.onStored()) this.#settle(now, effects);
        break;
      case 'result-store-failed':
        this.#onResultLost(this.#closing.onStoreFailed(event.error, effects), now, effects);
        break;
      default:
        this.#coordinate(event, now, effects);
    }
  }

  /** What the present state allows to happen next. */
  #proceed(now: Instant, effects: JobEffect[]): void {
    const alive = this.#attempt?.alive === true;
    switch (this.#record.status) {
      case 'RUNNING':
        if (this.#attempt?.executions.allFinished === true) {
          this.#beginClosing(now, effects);
          if (!alive) this.#recordEnd('FINISHED', now, effects);
        } else this.#proceedRescale(now, effects);
        break;
      case 'RESTARTING':
        if (!alive && this.#failover.restartDue && this.#coordinator?.storing !== true)
          this.#deploy(now, effects);
        break;
      case 'FAILING':
        if (!alive) this.#recordEnd('FAILED', now, effects);
        break;
      case 'CANCELLING':
        if (!alive) this.#recordEnd('CANCELED', now, effects);
    }
  }

  #deploy(now: Instant, effects: JobEffect[]): void {
    invariant(this.#attempt?.alive !== true, 'at most one attempt is alive');
    const manifest = this.#coordinator === undefined ? this.#job.restored : this.#coordinator.restore(now);
    const number = this.#record.attempt + 1;
    const graph = this.#rescale.fitting(manifest, effects) ?? this.#record.graph;
    let attempt: Attempt;
    try {
      attempt = new Attempt({ jobId: this.#job.jobId, graph, slots: this.#slots }, number, manifest, now);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#giveUp({ error: toWireError(error) }, 'The checkpoint does not fit the job.', now, effects);
      return;
    }
    this.#attempt = attempt;
    this.#rescale.onDeployed(number, this.#record.graph, manifest?.checkpointId);
    this.#record.onDeployed(attempt.executions, this.#failover.isRescaling);
    this.#record.to('RUNNING', now, effects);
    this.#failover.onDeployed(manifest?.checkpointId);
    attempt.launch(now, effects);
    if (attempt.executions.allFinished) this.#proceed(now, effects);
  }

  /** Not beside the end of the job. */
  #proceedRescale(now: Instant, effects: JobEffect[]): void {
    if (this.#closing.begun || this.#stop.begun) return;
    const next = this.#rescale.next(this.#coordinator, this.#attempt?.executions, effects);
    if (next === 'ask') this.#coordinate({ type: 'requested', requestId: RESCALE_REQUEST }, now, effects);
    if (next !== 'take-down') return;
    this.#failover.onRescale();
    this.#takeDown('RESTARTING', now, effects);
    if (this.#attempt?.alive !== true) this.#proceed(now, effects);
  }

  /** False: of another attempt, or gone already. */
  #onGone(number: number, ended: boolean, now: Instant, effects: JobEffect[]): boolean {
    if (this.#attempt?.number !== number || !this.#attempt.alive) return false;
    this.#attempt.onGone(ended, now);
    traceEvent('job.attempt-gone', { attempt: number }, effects);
    this.#coordinate({ type: 'attempt-gone' }, now, effects);
    return true;
  }

  #onTaskEvent(event: TaskEvent, now: Instant, effects: JobEffect[]): void {
    const { attempt, vertexId, subtask } = event.task;
    if (this.#attempt?.number !== attempt) {
      traceEvent('job.stale-event', { attempt, vertexId, subtask, type: event.type }, effects);
      return;
    }
    const execution = this.#attempt.executions.execution(vertexId, subtask);
    if (event.type === 'report') this.#onReport(execution, event.report, now, effects);
    else this.#onExited(execution, event.error, now, effects);
  }

  #onReport(execution: Execution, report: TaskReport, now: Instant, effects: JobEffect[]): void {
    const task = execution.address;
    switch (report.type) {
      case 'initializing':
      case 'running':
      case 'data-finished':
        this.#onTaskProgress(execution, report.type, now, effects);
        break;
      case 'finished':
      case 'canceled':
      case 'failed':
        this.#onTaskEnded(execution, report, now, effects);
        break;
      case 'collected':
      case 'counters':
      case 'explained':
        effects.push({ type: 'deliver', task, report });
        break;
      case 'watermark-reported':
      case 'splits-assigned':
      case 'no-more-splits':
      case 'split-requested':
      case 'reader-ended':
        this.#onSourceReport(execution, report, now, effects);
        break;
      default:
        this.#coordinate(coordinatorEventOf(task, report), now, effects);
    }
  }

  /** What a task says of itself after it was told to cancel is of no meaning. */
  #onTaskProgress(execution: Execution, type: TaskProgress, now: Instant, effects: JobEffect[]): void {
    if (!execution.alive) return;
    if (type === 'initializing') {
      execution.to('INITIALIZING', now);
    } else if (type === 'running') {
      execution.to('RUNNING', now);
      if (!this.#stop.finishes(execution, effects)) this.#onTaskRunning(now, effects);
    } else {
      execution.markDataFinished();
      this.#attempt?.onDataFinished(effects);
      this.#coordinate({ type: 'task-data-finished' }, now, effects);
    }
  }

  #onTaskRunning(now: Instant, effects: JobEffect[]): void {
    const executions = this.#attempt?.executions;
    if (executions?.allRunning !== true || this.#record.status !== 'RUNNING') return;
    this.#failover.history.onRunning(now);
    this.#rescale.onRunning(now, effects);
    effects.push({ type: 'tasks-running', attempt: executions.attempt });
    this.#coordinate({ type: 'attempt-running', executions }, now, effects);
  }

  #onTaskEnded(execution: Execution, report: TaskEnd, now: Instant, effects: JobEffect[]): void {
    if (report.type === 'finished' && execution.alive) {
      const error = this.#attempt?.finish(execution, report.accumulators, now, effects);
      if (error !== undefined) this.#failTask(execution, error, now, effects);
      // The last one of all ends the job: a checkpoint of finished tasks alone is worth nothing.
      else if (this.#attempt?.executions.allFinished !== true)
        this.#coordinate({ type: 'task-finished', execution }, now, effects);
      return;
    }
    execution.fail(now);
    if (report.type === 'failed') this.#failTask(execution, report.error, now, effects);
    else if (this.#attempt?.terminating !== true)
      this.#failTask(execution, unexpectedExit(execution, undefined), now, effects);
  }

  #onExited(execution: Execution, error: unknown, now: Instant, effects: JobEffect[]): void {
    execution.markExited();
    if (execution.fail(now) && this.#attempt?.terminating !== true)
      this.#failTask(execution, unexpectedExit(execution, error), now, effects);
  }

  #onSourceReport(from: Execution, report: SourceReport, now: Instant, effects: JobEffect[]): void {
    if (this.#record.status !== 'RUNNING') return;
    const error = this.#attempt?.route(from, report, effects);
    if (error !== undefined) this.#failTask(from, error, now, effects);
  }

  #failTask(task: Execution, error: WireError, now: Instant, effects: JobEffect[]): void {
    this.#fail({ error: locatedIn(error, task, this.#name), task }, now, effects);
  }

  /** The attempt has failed. Once all its tasks have finished there is nothing left that could: a checkpoint, say. */
  #fail(failure: Failure, now: Instant, effects: JobEffect[]): void {
    if (this.#record.status !== 'RUNNING' || this.#closing.begun) {
      this.#failover.onConcurrent(failure, now);
      return;
    }
    const restarts = this.#failover.onFailure(this.#attempt, failure, now, effects);
    this.#takeDown(restarts ? 'RESTARTING' : 'FAILING', now, effects);
  }

  /** There is no further attempt, whatever the restart strategy says. */
  #giveUp(failure: Failure, why: string, now: Instant, effects: JobEffect[]): void {
    this.#failover.giveUp(this.#record.attempt, failure, why, now, effects);
    if (this.#record.status !== 'FAILING') this.#takeDown('FAILING', now, effects);
  }

  #takeDown(status: JobStatus, now: Instant, effects: JobEffect[]): void {
    this.#record.to(status, now, effects);
    this.#rescale.onTakenDown(now);
    this.#stop.onFailed(effects);
    this.#coordinate({ type: 'attempt-failing' }, now, effects);
    this.#attempt?.terminate(now, effects);
  }

  #loseLeadership(error: WireError, now: Instant, effects: JobEffect[]): void {
    this.#leadershipLost = true;
    this.#failover.onLeadershipLost(error);
    this.#giveUp({ error }, 'Another process leads the job now.', now, effects);
  }

  #coordinate(event: CoordinatorEvent, now: Instant, effects: JobEffect[]): void {
    const own: CoordinatorEffect[] = [];
    const verdict = this.#coordinator?.handle(event, now, own);
    this.#rescale.pass(own, effects);
    if (verdict === undefined) return;
    if (verdict.type === 'stop') {
      const executions = this.#record.status === 'RUNNING' ? this.#attempt?.executions : undefined;
      this.#stop.begin(verdict.stopped, executions, effects);
    } else if (verdict.type === 'leadership-lost') this.#loseLeadership(verdict.error, now, effects);
    else if (verdict.fatal) this.#giveUp(verdict, 'No restart could be right.', now, effects);
    else this.#fail(verdict, now, effects);
  }

  #onTimer(timer: JobTimer, now: Instant, effects: JobEffect[]): void {
    switch (timer.name) {
      case 'restart-due':
        if (timer.id === this.#record.attempt) this.#failover.onRestartDue();
        break;
      case 'slots-due':
        if (timer.id === this.#record.attempt && this.#record.executions?.isWaiting === true)
          this.#fail({ error: this.#slots.missing(this.#name) }, now, effects);
        break;
      case 'rescale-due':
        this.#rescale.onDelayOver(timer.id);
        break;
      case 'result-due':
        this.#closing.onRetryDue(effects);
        break;
      case 'closing-deadline':
        this.#onResultLost(this.#closing.onDeadline(), now, effects);
        break;
      default:
        this.#coordinate({ type: 'timer', timer: { name: timer.name, id: timer.id } }, now, effects);
    }
  }

  #onCancelRequested(now: Instant, effects: JobEffect[]): void {
    if (!this.#record.isCancellable || this.#closing.begun) return;
    this.#record.to('CANCELLING', now, effects);
    this.#failover.cancelRestart(this.#record.attempt, effects);
    this.#beginClosing(now, effects);
  }

  #beginClosing(now: Instant, effects: JobEffect[]): void {
    if (!this.#closing.begin(effects)) return;
    this.#coordinate({ type: 'stopped' }, now, effects);
    this.#attempt?.terminate(now, effects);
  }

  /** Has it recorded how the job ended, once the storage is quiet. A failed job does not insist on it. */
  #recordEnd(state: StoredJobResult['state'], now: Instant, effects: JobEffect[]): void {
    this.#beginClosing(now, effects);
    const { done, overdue } = this.#closing;
    const coordinator = this.#leadershipLost ? undefined : this.#coordinator;
    // What is being stored or copied has a deadline of its own.
    const keep = coordinator?.storing === true || coordinator?.exporting === true;
    if (coordinator === undefined || done || (state === 'FAILED' && overdue)) {
      this.#settle(now, effects);
    } else if (this.#closing.mayRecord(coordinator.busy && !keep, keep)) {
      const message = this.#failover.error?.cause?.what;
      const notes = { ...(message && { message }), ...this.#stop.noted(state) };
      this.#closing.record({ state, finishedMs: now.wallMs, ...notes }, effects);
    }
  }

  #onResultLost(error: WireError | undefined, now: Instant, effects: JobEffect[]): void {
    if (error === undefined) return;
    if (error.code === 'MR8003') this.#loseLeadership(error, now, effects);
    else this.#giveUp({ error }, 'Its end could not be recorded.', now, effects);
  }

  #settle(now: Instant, effects: JobEffect[]): void {
    effects.push({ type: 'cancel-timer', timer: { name: 'closing-deadline', id: 0 } });
    this.#rescale.end(effects);
    const outcome = outcomeOf(this.view, this.#failover.error, this.#leadershipLost, now);
    this.#record.to(outcome.status, now, effects);
    if (outcome.status === 'FINISHED') this.#stop.onFinished(effects);
    effects.push({ type: 'settled', outcome });
  }
}
