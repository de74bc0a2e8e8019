import type { Instant } from '../base/instant.js';
import { isMillraceError } from '../base/millrace-error.js';
import type { CheckpointConfig } from '../checkpoint/checkpoint-config.js';
import { CheckpointCoordinator } from '../checkpoint/checkpoint-coordinator.js';
import type { StoredJobResult } from '../checkpoint/checkpoint-storage.js';
import { refuseRequest, traceEvent } from '../checkpoint/coordinator-effects.js';
import type { CoordinatorEffect, CoordinatorEvent } from '../checkpoint/coordinator-protocol.js';
import type { CheckpointManifest } from '../checkpoint/snapshot-handle.js';
import { toWireError, type WireError } from '../protocol/wire-error.js';
import { Attempt } from './attempt.js';
import type { Execution } from './execution-graph.js';
import { Failover } from './failover.js';
import type { Failure } from './failure-history.js';
import { JobClosing } from './job-closing.js';
import { locatedIn } from './job-error.js';
import { outcomeOf } from './job-outcome.js';
import type { JobEffect, JobEvent, JobMasterJob, JobTimer } from './job-protocol.js';
import { JobRecord } from './job-record.js';
import type { JobStatus } from './job-status.js';
import { JobView } from './job-view.js';
import { RESCALE_REQUEST, RescaleProgress } from './rescale-progress.js';
import type { RestartStrategy } from './restart-strategy.js';
import { SavepointStop } from './savepoint-stop.js';
import { SlotClaim } from './slot-claim.js';
import { TaskEvents } from './task-events.js';

type GoneRegion = Pick<Extract<JobEvent, { type: 'attempt-terminated' }>, 'attempt' | 'regionId'>;

/**
 * The life of one job: deploys an attempt, restarts from the newest completed checkpoint what exchanges data with a
 * task that fails, and ends when all tasks have finished. Every message to a task comes from here, in order.
 *
 * Invariants:
 * - at most one attempt at each task is alive; the next is deployed only when nothing runs of what is restarted;
 * - nothing is restored while the outcome of a checkpoint is open;
 * - what an older attempt still says is ignored;
 * - the restart strategy is asked once for each restart: what fails meanwhile joins it;
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
  readonly #tasks: TaskEvents;
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
    this.#tasks = new TaskEvents({
      coordinate: (event, now, effects) => this.#coordinate(event, now, effects),
      onTaskRunning: (task, now, effects) => this.#onTaskRunning(task, now, effects),
      onTaskFailed: (task, error, now, effects) => this.#failTask(task, error, now, effects),
    });
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
    if (this.#record.isDeploying || effects.some(({ type }) => type === 'launch'))
      this.#record.onTasksChanged(now);
  }

  #dispatch(event: JobEvent, now: Instant, effects: JobEffect[]): void {
    switch (event.type) {
      case 'started':
        if (this.#record.status !== 'INITIALIZING') break;
        this.#record.to('CREATED', now, effects);
        this.#deploy(now, effects);
        break;
      case 'launch-failed':
        if (this.#onGone(event, true, now, effects)) this.#failRegion(event, now, effects);
        break;
      case 'task':
        this.#tasks.handle(event.event, this.#attempt, now, effects);
        break;
      case 'attempt-terminated':
        if (this.#onGone(event, event.error === undefined, now, effects) && event.error !== undefined)
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
        this.#slots.onGranted(event, effects);
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
        if (!this.#attempt?.isGoingDown && this.#failover.restartDue && !this.#coordinator?.storing)
          this.#deploy(now, effects);
        break;
      case 'FAILING':
        if (!alive) this.#recordEnd('FAILED', now, effects);
        break;
      case 'CANCELLING':
        if (!alive) this.#recordEnd('CANCELED', now, effects);
    }
  }

  /** All tasks, or those that are down while others run. */
  #deploy(now: Instant, effects: JobEffect[]): void {
    const present = this.#attempt?.isWhollyDown === false ? this.#attempt : undefined;
    const manifest = this.#coordinator === undefined ? this.#job.restored : this.#coordinator.restore(now);
    const number = this.#record.attempt + 1;
    const former = this.#record.graph;
    let attempt: Attempt;
    try {
      attempt = present?.restart(number, manifest, now) ?? this.#create(number, manifest, now, effects);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#giveUp({ error: toWireError(error) }, 'The checkpoint does not fit the job.', now, effects);
      return;
    }
    this.#attempt = attempt;
    if (present === undefined) this.#rescale.onDeployed(number, former, manifest?.checkpointId, effects);
    this.#record.onDeployed(attempt.executions, this.#failover.isRescaling);
    this.#record.to('RUNNING', now, effects);
    this.#failover.onDeployed(manifest?.checkpointId);
    attempt.launch(now, effects);
    if (attempt.executions.allFinished) this.#proceed(now, effects);
  }

  #create(
    number: number,
    manifest: CheckpointManifest | undefined,
    now: Instant,
    effects: JobEffect[],
  ): Attempt {
    const { jobId, failoverStrategy: strategy = 'region' } = this.#job;
    const graph = this.#rescale.fitting(manifest, effects) ?? this.#record.graph;
    const failover = { strategy, hasCheckpoints: this.#coordinator !== undefined };
    return new Attempt({ jobId, graph, slots: this.#slots, failover }, number, manifest, now);
  }

  /** Not beside the end of the job. */
  #proceedRescale(now: Instant, effects: JobEffect[]): void {
    if (this.#closing.begun || this.#stop.begun) return;
    const next = this.#rescale.next(this.#coordinator, this.#attempt?.executions, effects);
    if (next === 'ask') this.#coordinate({ type: 'requested', requestId: RESCALE_REQUEST }, now, effects);
    if (next !== 'take-down') return;
    this.#failover.onRescale();
    this.#takeDown('RESTARTING', undefined, now, effects);
    if (this.#attempt?.alive !== true) this.#proceed(now, effects);
  }

  /** False: of another attempt, or gone already. */
  #onGone(region: GoneRegion, ended: boolean, now: Instant, effects: JobEffect[]): boolean {
    const { attempt, regionId } = region;
    if (this.#attempt?.onGone(attempt, regionId, ended, now) !== true) return false;
    traceEvent('job.attempt-gone', { attempt, region: regionId }, effects);
    if (!this.#attempt.alive) this.#coordinate({ type: 'attempt-gone' }, now, effects);
    return true;
  }

  #onTaskRunning(task: Execution, now: Instant, effects: JobEffect[]): void {
    if (this.#stop.finishes(task, effects)) return;
    const executions = this.#attempt?.executions;
    if (executions?.allRunning !== true || this.#record.status !== 'RUNNING') return;
    this.#failover.history.onRunning(now);
    this.#rescale.onRunning(now, effects);
    effects.push({ type: 'tasks-running', attempt: executions.attempt });
    this.#coordinate({ type: 'attempt-running', executions }, now, effects);
  }

  #failTask(task: Execution, error: WireError, now: Instant, effects: JobEffect[]): void {
    this.#fail({ error: locatedIn(error, task, this.#name), task }, [task], now, effects);
  }

  #failRegion({ regionId, error }: GoneRegion & Failure, now: Instant, effects: JobEffect[]): void {
    this.#fail({ error }, this.#attempt?.tasksOf(regionId), now, effects);
  }

  /**
   * These tasks have failed; undefined: all of them. What fails while others are restarted is restarted with them.
   * Once all tasks have finished there is nothing left that could fail: a checkpoint, say.
   */
  #fail(failure: Failure, tasks: readonly Execution[] | undefined, now: Instant, effects: JobEffect[]): void {
    const { status } = this.#record;
    const joins = status === 'RESTARTING' && !this.#failover.isRescaling;
    const regionIds = this.#involved(tasks);
    if (status !== 'RUNNING' || this.#closing.begun) {
      this.#failover.onConcurrent(failure, now);
      if (joins && this.#attempt?.goesOn(regionIds)) this.#takeDown(status, regionIds, now, effects);
      return;
    }
    const restarts = this.#failover.onFailure(this.#attempt, failure, now, effects);
    this.#takeDown(restarts ? 'RESTARTING' : 'FAILING', restarts ? regionIds : undefined, now, effects);
  }

  /** The regions that are restarted for these tasks; undefined: all. A job that is to change restarts as a whole. */
  #involved(tasks: readonly Execution[] | undefined): ReadonlySet<number> | undefined {
    const standing = this.#coordinator?.standing;
    const changes = this.#stop.begun || this.#rescale.isWanted || standing?.stopping === true;
    if (tasks === undefined || changes) return undefined;
    return this.#attempt?.involved(tasks, standing?.completed?.checkpointId);
  }

  /** There is no further attempt, whatever the restart strategy says. */
  #giveUp(failure: Failure, why: string, now: Instant, effects: JobEffect[]): void {
    this.#failover.giveUp(this.#record.attempt, failure, why, now, effects);
    if (this.#record.status !== 'FAILING') this.#takeDown('FAILING', undefined, now, effects);
  }

  /** `regionIds`: undefined: all of them. */
  #takeDown(
    status: JobStatus,
    regionIds: ReadonlySet<number> | undefined,
    now: Instant,
    effects: JobEffect[],
  ): void {
    if (status !== this.#record.status) this.#record.to(status, now, effects);
    this.#rescale.onTakenDown(now);
    this.#stop.onFailed(effects);
    const inPart = this.#attempt?.outlives(regionIds) === true;
    this.#coordinate({ type: inPart ? 'regions-failing' : 'attempt-failing' }, now, effects);
    this.#attempt?.terminate(regionIds, now, effects);
    const tasks = this.#attempt?.tasksDown ?? [];
    if (inPart) traceEvent('job.regions-restarting', { tasks: tasks.length }, effects);
    if (status === 'RESTARTING') this.#failover.onRestarting(tasks);
  }

  #loseLeadership(error: WireError, now: Instant, effects: JobEffect[]): void {
    this.#leadershipLost = true;
    this.#failover.onLeadershipLost(error);
    this.#giveUp({ error }, 'Another process leads the job now.', now, effects);
  }

  #coordinate(event: CoordinatorEvent, now: Instant, effects: JobEffect[]): void {
    const own: CoordinatorEffect[] = [];
    const verdict = this.#coordinator?.handle(event, now, own);
    this.#attempt?.observe(own);
    this.#rescale.pass(own, effects);
    if (verdict === undefined) return;
    if (verdict.type === 'stop') {
      const executions = this.#record.status === 'RUNNING' ? this.#attempt?.executions : undefined;
      this.#stop.begin(verdict.stopped, executions, effects);
    } else if (verdict.type === 'leadership-lost') this.#loseLeadership(verdict.error, now, effects);
    else if (verdict.fatal) this.#giveUp(verdict, 'No restart could be right.', now, effects);
    else this.#fail(verdict, undefined, now, effects);
  }

  #onTimer(timer: JobTimer, now: Instant, effects: JobEffect[]): void {
    switch (timer.name) {
      case 'restart-due':
        if (timer.id === this.#record.attempt) this.#failover.onRestartDue();
        break;
      case 'slots-due':
        if (timer.id === this.#record.attempt && this.#record.executions?.isWaiting === true)
          this.#onSlotsMissed({ error: this.#slots.missing(this.#name) }, now, effects);
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

  #onSlotsMissed(failure: Failure, now: Instant, effects: JobEffect[]): void {
    if (!this.#slots.failsJob) this.#fail(failure, [], now, effects);
    else this.#giveUp(failure, 'It waits no longer for resources (resource-wait-timeout).', now, effects);
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
    this.#attempt?.terminate(undefined, now, effects);
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
