import type { CoordinatorEffect } from '../checkpoint/coordinator-protocol.js';
import type { TaskMessage } from '../protocol/control-message.js';
import type { WireError } from '../protocol/wire-error.js';
import type { Execution, ExecutionGraph } from './execution-graph.js';
import type { JobEffect } from './job-protocol.js';
import type { PipelinedRegions } from './pipelined-regions.js';
import { SplitAssignmentTracker } from './split-assignment-tracker.js';
import { routeSplitReport, type SplitReport } from './split-router.js';

/**
 * What the readers and enumerators of a job's sources say to each other, also where some of them have been started
 * anew and others have not.
 *
 * Invariant: of a source whose subtasks lie in several regions, all that its readers are sent is noted, whether they
 * run or not.
 */
export class SourceRouting {
  readonly #executions: ExecutionGraph;
  readonly #regions: PipelinedRegions;
  readonly #tracker: SplitAssignmentTracker | undefined;
  /** Ids of the sources whose subtasks lie in several regions. */
  readonly #spread: ReadonlySet<number>;

  constructor(executions: ExecutionGraph, regions: PipelinedRegions) {
    this.#executions = executions;
    this.#regions = regions;
    const spread = executions.graph.vertices.filter(({ id, isSource, parallelism }) => {
      const regionIds = Array.from({ length: parallelism }, (_, subtask) => regions.idOf(id, subtask));
      return isSource && new Set(regionIds).size > 1;
    });
    this.#spread = new Set(spread.map(({ id }) => id));
    if (spread.length > 0) this.#tracker = new SplitAssignmentTracker();
  }

  /** `isTerminating`: the reader goes down, and may be started anew. */
  route(
    from: Execution,
    report: SplitReport,
    isTerminating: (reader: Execution) => boolean,
    effects: JobEffect[],
  ): WireError | undefined {
    const tracker = this.#spread.has(from.address.vertexId) ? this.#tracker : undefined;
    if (report.type === 'split-requested') tracker?.onRequested(from.address);
    if (report.type === 'reader-ended') tracker?.onEnded(from.address);
    const route = routeSplitReport(from, report, this.#executions, isTerminating);
    if (route.type === 'failure') return route.error;
    if (route.type === 'none') return undefined;
    tracker?.onSent(route.to.address, route.message);
    this.#send(route.to, route.message, effects);
    return undefined;
  }

  /** Triggers, and the word that a checkpoint is complete. */
  observe(effects: readonly CoordinatorEffect[]): void {
    const tracker = this.#tracker;
    if (tracker === undefined) return;
    for (const effect of effects)
      if (effect.type === 'send' && this.#spread.has(effect.task.vertexId))
        tracker.onSent(effect.task, effect.message);
  }

  /** Adds the regions of readers that got what the enumerators of these regions will not know of. */
  involve(regionIds: Set<number>, completedId: number | undefined): void {
    const tracker = this.#tracker;
    if (tracker === undefined) return;
    for (let size = -1; size !== regionIds.size; ) {
      size = regionIds.size;
      for (const { address } of this.#readers)
        if (regionIds.has(this.#regions.idOf(address.vertexId, 0)) && tracker.hasSince(address, completedId))
          regionIds.add(this.#regions.idOf(address.vertexId, address.subtask));
    }
  }

  /** The tasks of these regions begin from the checkpoint. */
  onRestored(regionIds: ReadonlySet<number>, checkpointId: number | undefined): void {
    for (const { address } of this.#readers) {
      if (!regionIds.has(this.#regions.idOf(address.vertexId, address.subtask))) continue;
      const enumerator = regionIds.has(this.#regions.idOf(address.vertexId, 0));
      this.#tracker?.onRestored(address, checkpointId, enumerator);
    }
  }

  /** The tasks of these regions have been launched: what they do not know by their snapshots they are told. */
  onLaunched(regionIds: ReadonlySet<number>, effects: JobEffect[]): void {
    const tracker = this.#tracker;
    if (tracker === undefined) return;
    for (const reader of this.#readers) {
      const { vertexId, subtask } = reader.address;
      if (regionIds.has(this.#regions.idOf(vertexId, subtask))) {
        for (const message of tracker.again(reader.address)) this.#send(reader, message, effects);
      } else if (regionIds.has(this.#regions.idOf(vertexId, 0))) {
        const known = reader.state === 'FINISHED' ? readerEnded(subtask) : tracker.known(reader.address);
        if (known !== undefined) this.#send(this.#executions.execution(vertexId, 0), known, effects);
      }
    }
  }

  get #readers(): readonly Execution[] {
    return this.#executions.executions.filter(({ address }) => this.#spread.has(address.vertexId));
  }

  #send(to: Execution, message: TaskMessage, effects: JobEffect[]): void {
    if (to.alive) effects.push({ type: 'send', task: to.address, message });
  }
}

function readerEnded(subtask: number): TaskMessage {
  return { type: 'reader-ended', subtask };
}
