import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import { isMillraceError } from '../base/millrace-error.js';
import { traceEvent } from '../checkpoint/coordinator-effects.js';
import type { CoordinatorEffect } from '../checkpoint/coordinator-protocol.js';
import type { CheckpointManifest } from '../checkpoint/snapshot-handle.js';
import { assignState } from '../checkpoint/state-assignment.js';
import type { JobGraph } from '../graph/job-graph.js';
import type { AttemptRestore, PipelinedRegion } from '../ports/task-launcher.js';
import type { TaskReport } from '../protocol/control-message.js';
import { toWireError, type WireError } from '../protocol/wire-error.js';
import { WatermarkAlignment } from '../watermark/watermark-alignment.js';
import type { AccumulatorsByUid } from './accumulator-totals.js';
import { type Execution, ExecutionGraph } from './execution-graph.js';
import type { JobEffect } from './job-protocol.js';
import { type FailoverConfig, PipelinedRegions } from './pipelined-regions.js';
import type { SlotClaim } from './slot-claim.js';
import type { TaskPlacement } from './slot-sharing.js';
import { SourceRouting } from './source-routing.js';
import type { SplitReport } from './split-router.js';

/** What the subtasks of sources tell each other. */
export type SourceReport = SplitReport | Extract<TaskReport, { type: 'watermark-reported' }>;

/** What an attempt is made of. */
export interface AttemptJob {
  readonly jobId: string;
  readonly graph: JobGraph;
  readonly slots: SlotClaim;
  readonly failover: FailoverConfig;
}

/** A region, and whether anything of it may still run. */
interface RegionRun {
  readonly region: PipelinedRegion;
  alive: boolean;
  /** It was told to end, or could not begin, and has not been started anew. */
  down: boolean;
}

/**
 * The tasks of a job from one deployment of all of them to the next, and which of its regions may still run. A region
 * that has failed is started anew, with a number of its own, while the others go on.
 *
 * Invariants: a region is launched once for each of its numbers, and with a slot for each task; it is alive from launch
 * until it is known that nothing of it runs; it is told to terminate at most once for each; a batch commits at most
 * once, and never before all its tasks have ended their data.
 */
export class Attempt {
  readonly executions: ExecutionGraph;
  readonly #alignment = new WatermarkAlignment<Execution>();
  readonly #slots: SlotClaim;
  readonly #regions: PipelinedRegions;
  readonly #runs: readonly RegionRun[];
  readonly #sources: SourceRouting;
  #restore: AttemptRestore | undefined;
  /** Of the tasks that run; undefined: none has run yet, or nobody knows of slots. */
  #placement: TaskPlacement | undefined;
  #committing = false;

  /** @throws MillraceError MR2101 or MR2102 if the checkpoint does not fit the graph */
  constructor(job: AttemptJob, number: number, manifest: CheckpointManifest | undefined, now: Instant) {
    this.#slots = job.slots;
    this.#restore = manifest === undefined ? undefined : assignState(manifest, job.graph);
    this.executions = new ExecutionGraph(job, number, this.#restore, now);
    this.#regions = new PipelinedRegions(job.graph, job.failover);
    this.#runs = this.#regions.all.map((region) => ({ region, alive: false, down: false }));
    this.#sources = new SourceRouting(this.executions, this.#regions);
  }

  /** Of the newest tasks. */
  get number(): number {
    return this.executions.attempt;
  }

  /** Something may still run. */
  get alive(): boolean {
    return this.#runs.some(({ alive }) => alive);
  }

  /** Something that was told to end may still run. */
  get isGoingDown(): boolean {
    return this.#runs.some(({ alive, down }) => alive && down);
  }

  /** No region goes on. */
  get isWhollyDown(): boolean {
    return this.#runs.every(({ alive, down }) => down || !alive);
  }

  isTerminating({ address }: Execution): boolean {
    return this.#runs[this.#regions.idOf(address.vertexId, address.subtask)]?.down === true;
  }

  /**
   * What a restart has to begin anew together with these: what waits for slots, and the readers of sources that have
   * been sent what their enumerators, which go back to that checkpoint, know nothing of.
   */
  involved(tasks: readonly Execution[], completedId: number | undefined): ReadonlySet<number> {
    const waiting = this.executions.executions.filter(({ state }) => state === 'SCHEDULED');
    const regionIds = new Set(
      [...tasks, ...waiting].map(({ address }) => this.#regions.idOf(address.vertexId, address.subtask)),
    );
    this.#sources.involve(regionIds, completedId);
    return regionIds;
  }

  tasksOf(regionId: number): readonly Execution[] {
    return this.#of(new Set([regionId])).flatMap(({ region }) => this.executions.of(region));
  }

  /** What is to be started anew, for people. */
  get tasksDown(): readonly string[] {
    return this.#runs
      .filter(({ down }) => down)
      .flatMap(({ region }) => this.executions.of(region).map(({ name }) => name));
  }

  /** Whether something of these has not been told to end; undefined: of all. */
  goesOn(regionIds: ReadonlySet<number> | undefined): boolean {
    return this.#of(regionIds).some((run) => this.#mayTerminate(run));
  }

  /** Whether something runs beside these; undefined: all. */
  outlives(regionIds: ReadonlySet<number> | undefined): boolean {
    const ending = new Set(this.#of(regionIds));
    return this.#runs.some((run) => run.alive && !run.down && !ending.has(run));
  }

  /** A job restored from its very end has nothing to launch. */
  launch(now: Instant, effects: JobEffect[]): void {
    const { restoredCheckpointId, graph } = this.executions;
    traceEvent('job.attempt-deployed', { attempt: this.number, restored: restoredCheckpointId }, effects);
    if (!this.executions.schedule(now)) return;
    if (this.#slots.claim(this.number, graph, this.#placement, effects)) this.#deploy(now, effects);
  }

  /**
   * What has been terminated begins anew, with a number and from a checkpoint of its own, when it is launched.
   *
   * @throws MillraceError MR2101 or MR2102 if the checkpoint does not fit the graph
   */
  restart(number: number, manifest: CheckpointManifest | undefined, now: Instant): this {
    invariant(!this.isGoingDown, 'nothing runs of a region that is started anew', { attempt: number });
    this.#restore = manifest === undefined ? undefined : assignState(manifest, this.executions.graph);
    const runs = this.#runs.filter(({ down }) => down);
    for (const run of runs) {
      for (const execution of this.executions.of(run.region)) this.#alignment.remove(execution);
      this.executions.replace(run.region, number, this.#restore, now);
      run.down = false;
    }
    this.#sources.onRestored(new Set(runs.map(({ region }) => region.id)), manifest?.checkpointId);
    return this;
  }

  /** What waits may have got its slots. */
  onSlots(now: Instant, effects: JobEffect[]): void {
    const { isWaiting, graph } = this.executions;
    if (isWaiting && this.#slots.resume(this.number, graph, this.#placement, effects))
      this.#deploy(now, effects);
  }

  #deploy(now: Instant, effects: JobEffect[]): void {
    const { graph } = this.executions;
    const { placement } = this.#slots;
    this.#placement = placement;
    const waiting = this.#runs.filter(({ region }) => this.#isWaiting(region));
    this.executions.deploy(placement, now);
    const described = { attempt: this.number, graph, restore: this.#restore, placement };
    for (const run of waiting) {
      run.alive = true;
      effects.push({ type: 'launch', region: run.region, ...described });
    }
    this.#sources.onLaunched(new Set(waiting.map(({ region }) => region.id)), effects);
  }

  #isWaiting(region: PipelinedRegion): boolean {
    return this.executions.of(region).some(({ state }) => state === 'SCHEDULED');
  }

  #of(regionIds: ReadonlySet<number> | undefined): readonly RegionRun[] {
    return this.#runs.filter(({ region }) => regionIds?.has(region.id) ?? true);
  }

  #mayTerminate({ region, alive, down }: RegionRun): boolean {
    return !down && (alive || this.#isWaiting(region));
  }

  /** Whether something of a batch may have been committed. */
  get isCommitting(): boolean {
    return this.#committing;
  }

  /** A task has processed all its data: of a batch, what all of them hold is committed with the last one. */
  onDataFinished(effects: JobEffect[]): void {
    const { graph, allDataFinished, executions } = this.executions;
    if (graph.runtimeMode !== 'BATCH' || !allDataFinished || this.#committing) return;
    this.#committing = true;
    for (const { address } of executions)
      effects.push({ type: 'send', task: address, message: { type: 'commit' } });
  }

  /** Undefined: all of it. What has been told so is not told again. */
  terminate(regionIds: ReadonlySet<number> | undefined, now: Instant, effects: JobEffect[]): void {
    for (const run of this.#of(regionIds)) {
      if (!this.#mayTerminate(run)) continue;
      run.down = true;
      const executions = this.executions.of(run.region);
      for (const execution of executions) {
        if (execution.alive)
          effects.push({ type: 'send', task: execution.address, message: { type: 'cancel' } });
        else if (run.alive) continue;
        execution.cancel(now);
      }
      const { attempt = this.number } = executions[0]?.address ?? {};
      if (run.alive) effects.push({ type: 'terminate', attempt, regionId: run.region.id });
    }
  }

  /** What the coordinator of checkpoints tells the readers of sources. */
  observe(effects: readonly CoordinatorEffect[]): void {
    this.#sources.observe(effects);
  }

  /** The task has ended as it should; it has failed if its accumulators do not go together with those of others. */
  finish(
    task: Execution,
    accumulators: AccumulatorsByUid | undefined,
    now: Instant,
    effects: JobEffect[],
  ): WireError | undefined {
    try {
      this.executions.accumulators.record(task.address, accumulators);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      task.fail(now);
      return toWireError(error);
    }
    task.to('FINISHED', now);
    traceEvent('task.finished', { task: task.name }, effects);
    return undefined;
  }

  /** Hands on what a source tells other tasks; an error where its enumerator went wrong. */
  route(from: Execution, report: SourceReport, effects: JobEffect[]): WireError | undefined {
    if (report.type === 'watermark-reported') {
      const { members, watermark } = this.#alignment.onReport(from, report.group, report.watermark);
      for (const { address, alive } of members)
        if (alive)
          effects.push({ type: 'send', task: address, message: { type: 'watermark-aligned', watermark } });
      return undefined;
    }
    return this.#sources.route(from, report, (reader) => this.isTerminating(reader), effects);
  }

  /**
   * Nothing of a region runs any more. `ended`: that is known, or nothing ever did; otherwise it cannot be made to
   * end. False: it is of another attempt, or gone already.
   */
  onGone(number: number, regionId: number, ended: boolean, now: Instant): boolean {
    const run = this.#runs[regionId];
    const executions = run === undefined ? [] : this.executions.of(run.region);
    if (run?.alive !== true || executions[0]?.address.attempt !== number) return false;
    run.alive = false;
    run.down = true;
    if (ended) for (const execution of executions) execution.fail(now);
    return true;
  }
}
