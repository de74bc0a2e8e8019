import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import { isMillraceError } from '../base/millrace-error.js';
import { traceEvent } from '../checkpoint/coordinator-effects.js';
import type { CheckpointManifest } from '../checkpoint/snapshot-handle.js';
import { assignState } from '../checkpoint/state-assignment.js';
import type { JobGraph } from '../graph/job-graph.js';
import type { AttemptRestore } from '../ports/task-launcher.js';
import type { TaskReport } from '../protocol/control-message.js';
import { toWireError, type WireError } from '../protocol/wire-error.js';
import { WatermarkAlignment } from '../watermark/watermark-alignment.js';
import type { AccumulatorsByUid } from './accumulator-totals.js';
import { type Execution, ExecutionGraph } from './execution-graph.js';
import type { JobEffect } from './job-protocol.js';
import type { SlotClaim } from './slot-claim.js';
import { routeSplitReport, type SplitReport } from './split-router.js';

/** What the subtasks of sources tell each other. */
export type SourceReport = SplitReport | Extract<TaskReport, { type: 'watermark-reported' }>;

/**
 * One deployment of a job: its tasks, and whether anything of it may still run.
 *
 * Invariants: launched at most once, and with a slot for each task; alive from launch until it is known that nothing
 * of it runs; told to terminate at most once; a batch commits at most once, and never before all its tasks have ended
 * their data.
 */
export class Attempt {
  readonly number: number;
  readonly executions: ExecutionGraph;
  readonly #alignment = new WatermarkAlignment<Execution>();
  readonly #restore: AttemptRestore | undefined;
  readonly #slots: SlotClaim;
  #alive = false;
  #committing = false;
  #terminating = false;

  /** @throws MillraceError MR2101 or MR2102 if the checkpoint does not fit the graph */
  constructor(
    job: { readonly jobId: string; readonly graph: JobGraph; readonly slots: SlotClaim },
    number: number,
    manifest: CheckpointManifest | undefined,
    now: Instant,
  ) {
    this.number = number;
    this.#slots = job.slots;
    this.#restore = manifest === undefined ? undefined : assignState(manifest, job.graph);
    this.executions = new ExecutionGraph(job, number, this.#restore, now);
  }

  get alive(): boolean {
    return this.#alive;
  }

  get terminating(): boolean {
    return this.#terminating;
  }

  /** A job restored from its very end has nothing to launch. */
  launch(now: Instant, effects: JobEffect[]): void {
    traceEvent(
      'job.attempt-deployed',
      { attempt: this.number, restored: this.executions.restoredCheckpointId },
      effects,
    );
    if (this.executions.allFinished) return;
    this.executions.to('SCHEDULED', now);
    if (this.#slots.claim(this.number, this.executions.graph, effects)) this.#deploy(now, effects);
  }

  /** It may have got its slots. */
  onSlots(now: Instant, effects: JobEffect[]): void {
    if (this.executions.isWaiting && this.#slots.has(this.executions.graph)) this.#deploy(now, effects);
  }

  #deploy(now: Instant, effects: JobEffect[]): void {
    const { graph } = this.executions;
    const placement = this.#slots.placement(this.number, graph, effects);
    this.#alive = true;
    this.executions.place(placement);
    this.executions.to('DEPLOYING', now);
    effects.push({ type: 'launch', attempt: this.number, graph, restore: this.#restore, placement });
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

  terminate(now: Instant, effects: JobEffect[]): void {
    if (this.#terminating || !(this.#alive || this.executions.isWaiting)) return;
    this.#terminating = true;
    for (const execution of this.executions.executions) {
      if (execution.alive)
        effects.push({ type: 'send', task: execution.address, message: { type: 'cancel' } });
      else if (this.#alive) continue;
      execution.cancel(now);
    }
    if (this.#alive) effects.push({ type: 'terminate', attempt: this.number });
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
    const route = routeSplitReport(from, report, this.executions);
    if (route.type === 'send') effects.push({ type: 'send', task: route.to.address, message: route.message });
    return route.type === 'failure' ? route.error : undefined;
  }

  /** `ended`: nothing of it runs, or ever did; otherwise it cannot be made to end. */
  onGone(ended: boolean, now: Instant): void {
    invariant(this.#alive, 'an attempt goes once', { attempt: this.number });
    this.#alive = false;
    if (ended) for (const execution of this.executions.executions) execution.fail(now);
  }
}
