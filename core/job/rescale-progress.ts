import type { Instant } from '../base/instant.js';
import { isMillraceError, MillraceError } from '../base/millrace-error.js';
import type { CheckpointCoordinator } from '../checkpoint/checkpoint-coordinator.js';
import { traceEvent } from '../checkpoint/coordinator-effects.js';
import type { CoordinatorEffect } from '../checkpoint/coordinator-protocol.js';
import type { CheckpointManifest } from '../checkpoint/snapshot-handle.js';
import { assignState } from '../checkpoint/state-assignment.js';
import type { JobGraph } from '../graph/job-graph.js';
import { toWireError, type WireError } from '../protocol/wire-error.js';
import type { ExecutionGraph } from './execution-graph.js';
import type { JobEffect } from './job-protocol.js';
import { DEFAULT_RESCALE_CONFIG, type RescaleConfig } from './rescale-config.js';
import type { RescaleOutcome, RescaleRecord } from './rescale-record.js';
import type { SlotClaim } from './slot-claim.js';

/** Of the checkpoint that a rescale asks for; those of others begin with 1. */
export const RESCALE_REQUEST = 0;

/** The job's own graph at another parallelism. */
export interface RescaleOrder {
  readonly requestId: number;
  readonly graph: JobGraph;
}

interface Wanted extends RescaleOrder {
  readonly requested: Instant;
  /** The newest completed checkpoint when it was asked for. */
  readonly sinceCheckpointId: number;
}

interface Deployed extends Wanted {
  readonly attempt: number;
  readonly former: JobGraph;
  readonly restoredCheckpointId: number | undefined;
  readonly takenDown: Instant;
}

/** What a job is when somebody asks for a rescale. */
interface RescaledJob {
  /** Undefined: it takes no checkpoints. */
  readonly completedCheckpointId: number | undefined;
  readonly isEnding: boolean;
  /** The next attempt begins from a checkpoint, or anew, whatever its parallelism. */
  readonly isDown: boolean;
  graph(): JobGraph;
}

const RECORDS_MAX = 16;

/**
 * A change of the job's parallelism, from the wish for it to its tasks running so. It goes on with the next
 * completed checkpoint, one that it asks for; after so many that failed in a row, or after so long, with the newest
 * one that there is. An attempt that fails meanwhile is followed by one of the new parallelism, and one that waits for
 * its slots makes room for it at once. Nothing is taken down before the job has the slots for what follows. The
 * parallelism that the job has is one to change to while some of its tasks run where they cannot stay.
 *
 * Invariants: each request is settled once; of several the newest counts, and those before it are told so; at most
 * one checkpoint is on order.
 */
export class RescaleProgress {
  readonly #jobName: string;
  readonly #config: RescaleConfig;
  readonly #slots: SlotClaim;
  readonly #records: RescaleRecord[] = [];
  #wanted: Wanted | undefined;
  #deployed: Deployed | undefined;
  #takenDown: Instant | undefined;
  #isAsking = false;
  #failures = 0;
  #isOverdue = false;
  #count = 0;

  constructor(jobName: string, slots: SlotClaim, config: RescaleConfig = DEFAULT_RESCALE_CONFIG) {
    this.#jobName = jobName;
    this.#slots = slots;
    this.#config = config;
  }

  /** One was asked for, and has not come about. */
  get isWanted(): boolean {
    return this.#wanted !== undefined;
  }

  /** Rescales that have come about. */
  get count(): number {
    return this.#count;
  }

  /** The newest of them, oldest first. */
  get records(): readonly RescaleRecord[] {
    return this.#records;
  }

  /** What the next attempt is to run, if the checkpoint can be dealt out so; undefined: what the last one did. */
  fitting(manifest: CheckpointManifest | undefined, effects: JobEffect[]): JobGraph | undefined {
    const graph = this.#wanted?.graph;
    if (graph === undefined || manifest === undefined) return graph;
    try {
      assignState(manifest, graph);
      return graph;
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.refuse(toWireError(error), effects);
      return undefined;
    }
  }

  request(order: RescaleOrder, job: RescaledJob, now: Instant, effects: JobEffect[]): void {
    this.refuse(this.#refusal('Another rescale was asked for.'), effects);
    const { completedCheckpointId = job.isDown ? 0 : undefined } = job;
    if (completedCheckpointId === undefined || job.isEnding) {
      const error = this.#refusal('It takes no checkpoints, or is about to end.');
      settle(order, { completed: false, error }, effects);
    } else if (order.graph.fingerprint === job.graph().fingerprint && (job.isDown || !this.#slots.mustMove)) {
      settle(order, { completed: true, rescale: undefined }, effects);
    } else {
      this.#wanted = { ...order, requested: now, sinceCheckpointId: completedCheckpointId };
      this.#slots.reserve(order.graph, effects);
      this.#failures = 0;
      this.#isOverdue = false;
      traceEvent('job.rescale-requested', { parallelism: parallelismOf(order.graph) }, effects);
      const timer = { name: 'rescale-due', id: order.requestId } as const;
      effects.push({ type: 'arm-timer', timer, delayMs: this.#config.maxDelayMs });
    }
  }

  onDelayOver(requestId: number): void {
    if (this.#wanted?.requestId === requestId) this.#isOverdue = true;
  }

  /** What is to be done about the attempt that runs; asked for is a checkpoint, as {@link RESCALE_REQUEST}. */
  next(
    coordinator: CheckpointCoordinator | undefined,
    executions: ExecutionGraph | undefined,
    effects: JobEffect[],
  ): 'wait' | 'ask' | 'take-down' {
    const wanted = this.#wanted;
    if (wanted === undefined) return 'wait';
    if (executions?.isWaiting === true) return 'take-down';
    if (coordinator === undefined) return 'wait';
    const { stopping, completed } = coordinator.standing;
    const { pending, latest } = coordinator.statistics;
    if (stopping) return 'wait';
    if (executions?.allRunning !== true || executions.allDataFinished) return 'wait';
    if (!this.#slots.has(wanted.graph)) {
      if (this.#isOverdue) this.refuse(this.#refusal('There are too few slots.'), effects);
      return 'wait';
    }
    if (this.#isDue(wanted, latest?.checkpointId ?? 0)) {
      const fits = !coordinator.storing && this.fitting(completed, effects) !== undefined;
      return fits ? 'take-down' : 'wait';
    }
    if (pending > 0 || this.#isAsking) return 'wait';
    this.#isAsking = true;
    return 'ask';
  }

  #isDue({ sinceCheckpointId }: Wanted, completedId: number): boolean {
    const { maxCheckpointFailures } = this.#config;
    return completedId > sinceCheckpointId || this.#isOverdue || this.#failures >= maxCheckpointFailures;
  }

  /** Hands on what the coordinator wants done, but for the outcome of the checkpoint that was asked for. */
  pass(own: readonly CoordinatorEffect[], effects: JobEffect[]): void {
    for (const effect of own) {
      if (effect.type !== 'request-settled' || effect.requestId !== RESCALE_REQUEST) {
        effects.push(effect);
        continue;
      }
      this.#isAsking = false;
      if (!effect.outcome.completed) this.#failures++;
    }
  }

  onTakenDown(now: Instant): void {
    this.#takenDown = now;
  }

  /** An attempt that runs what was wanted, if anything was, or what was and has not come to run yet. */
  onDeployed(
    attempt: number,
    former: JobGraph,
    restoredCheckpointId: number | undefined,
    effects: JobEffect[],
  ): void {
    const wanted = this.#wanted;
    const deployed = this.#deployed;
    if (wanted === undefined) {
      if (deployed !== undefined) this.#deployed = { ...deployed, attempt, restoredCheckpointId };
      return;
    }
    this.#wanted = undefined;
    this.#giveUp(this.#refusal('Another rescale was asked for.'), effects);
    const takenDown = this.#takenDown ?? wanted.requested;
    this.#deployed = {
      ...wanted,
      attempt,
      former: deployed?.former ?? former,
      restoredCheckpointId,
      takenDown,
    };
  }

  /** All tasks of an attempt run. */
  onRunning(now: Instant, effects: JobEffect[]): void {
    this.#takenDown = undefined;
    const deployed = this.#deployed;
    if (deployed === undefined) return;
    this.#deployed = undefined;
    const { attempt, restoredCheckpointId, requested, takenDown, graph, former } = deployed;
    const rescale: RescaleRecord = {
      attempt,
      requestedMs: requested.wallMs,
      takenDownMs: takenDown.wallMs,
      runningMs: now.wallMs,
      downMs: now.monotonicMs - takenDown.monotonicMs,
      restoredCheckpointId,
      vertices: graph.vertices.map(({ id, parallelism }) => ({
        former: former.vertices[id]?.parallelism ?? 0,
        present: parallelism,
      })),
    };
    this.#count++;
    this.#records.push(rescale);
    if (this.#records.length > RECORDS_MAX) this.#records.shift();
    traceEvent('job.rescaled', { attempt, parallelism: parallelismOf(graph) }, effects);
    cancelTimer(deployed, effects);
    settle(deployed, { completed: true, rescale }, effects);
  }

  /** The job goes on as it was. */
  refuse(error: WireError, effects: JobEffect[]): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    this.#wanted = undefined;
    this.#slots.reserve(undefined, effects);
    cancelTimer(wanted, effects);
    settle(wanted, { completed: false, error }, effects);
  }

  /** The job has ended, or ends. */
  end(effects: JobEffect[]): void {
    const error = this.#refusal('It ended before.');
    this.refuse(error, effects);
    this.#giveUp(error, effects);
  }

  /** What has been deployed and does not run yet. */
  #giveUp(error: WireError, effects: JobEffect[]): void {
    const deployed = this.#deployed;
    if (deployed === undefined) return;
    this.#deployed = undefined;
    cancelTimer(deployed, effects);
    settle(deployed, { completed: false, error }, effects);
  }

  #refusal(why: string): WireError {
    return rescaleRefused(this.#jobName, why);
  }
}

function rescaleRefused(jobName: string, why: string): WireError {
  return toWireError(
    new MillraceError('MR5013', `The job '${jobName}' is not rescaled.`, { where: { job: jobName }, why }),
  );
}

function settle({ requestId }: RescaleOrder, outcome: RescaleOutcome, effects: JobEffect[]): void {
  effects.push({ type: 'rescale-settled', requestId, outcome });
}

function cancelTimer({ requestId }: RescaleOrder, effects: JobEffect[]): void {
  effects.push({ type: 'cancel-timer', timer: { name: 'rescale-due', id: requestId } });
}

/** For traces: `2 4 4`, by vertex. */
function parallelismOf({ vertices }: JobGraph): string {
  return vertices.map(({ parallelism }) => parallelism).join(' ');
}
