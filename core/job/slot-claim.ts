import { MillraceError } from '../base/millrace-error.js';
import type { JobGraph } from '../graph/job-graph.js';
import { toWireError, type WireError } from '../protocol/wire-error.js';
import type { JobEffect } from './job-protocol.js';
import {
  type GrantedSlot,
  type LoadBalanceMode,
  placeTasks,
  replaceLost,
  type SlotRequirement,
  slotCount,
  slotRequirements,
  type TaskPlacement,
  unitedRequirements,
} from './slot-sharing.js';

/** How a job comes by its slots. */
export interface SlotConfig {
  /** How long an attempt waits for them, ms; Infinity: as long as it takes. */
  readonly requestTimeoutMs: number;
  /** Whether a job that has waited in vain has failed, whatever its restart strategy says. */
  readonly failsJob?: boolean;
  readonly mode: LoadBalanceMode;
}

/**
 * What one job has of the cluster's slots, and what it declares to need: for the attempt that runs or waits, and for
 * the rescale that is to follow it.
 *
 * Invariants: what is declared is told when it changes; it is what the present attempt needs, and the rescale that is
 * to follow it.
 */
export class SlotClaim {
  readonly #config: SlotConfig | undefined;
  #declared: readonly SlotRequirement[] = [];
  #own: readonly SlotRequirement[] = [];
  /** Of the rescale. */
  #next: readonly SlotRequirement[] = [];
  #granted: readonly GrantedSlot[] = [];

  /** Undefined: there are as many threads as tasks, and nobody who would know of slots. */
  constructor(config: SlotConfig | undefined) {
    this.#config = config;
  }

  /** What it has now, all of it. */
  onGranted(slots: readonly GrantedSlot[]): void {
    this.#granted = slots;
  }

  /**
   * For an attempt that begins. `kept`: where the tasks ran that it goes on with, and those whose place it takes;
   * undefined: nothing of another one runs. True: it has them, or needs none.
   */
  claim(attempt: number, graph: JobGraph, kept: TaskPlacement | undefined, effects: JobEffect[]): boolean {
    this.#own = slotRequirements(graph);
    if (isSame(this.#next, this.#own)) this.#next = [];
    this.#declare(unitedRequirements(this.#own, this.#next), effects);
    if (this.has(graph, kept)) return true;
    effects.push({ type: 'slots-missing', attempt });
    const delayMs = this.#config?.requestTimeoutMs ?? Number.POSITIVE_INFINITY;
    if (Number.isFinite(delayMs))
      effects.push({ type: 'arm-timer', timer: { name: 'slots-due', id: attempt }, delayMs });
    return false;
  }

  /** For a rescale to come, beside those of the present attempt; undefined: nothing comes of it. */
  reserve(graph: JobGraph | undefined, effects: JobEffect[]): void {
    this.#next = graph === undefined ? [] : slotRequirements(graph);
    this.#declare(unitedRequirements(this.#own, this.#next), effects);
  }

  has(graph: JobGraph, kept: TaskPlacement | undefined): boolean {
    return this.#config === undefined || this.#place(graph, kept) !== undefined;
  }

  /** Where its tasks run; undefined where nobody knows of slots. Only if it {@link has} them. */
  placement(
    attempt: number,
    graph: JobGraph,
    kept: TaskPlacement | undefined,
    effects: JobEffect[],
  ): TaskPlacement | undefined {
    if (this.#config === undefined) return undefined;
    effects.push({ type: 'cancel-timer', timer: { name: 'slots-due', id: attempt } });
    return this.#place(graph, kept);
  }

  /** Whether the job has failed once it has waited in vain. */
  get failsJob(): boolean {
    return this.#config?.failsJob === true;
  }

  /** Why an attempt was not deployed. */
  missing(jobName: string): WireError {
    const own = this.#granted.length;
    const waitedMs = this.#config?.requestTimeoutMs;
    return toWireError(
      new MillraceError('MR5014', 'Could not acquire the minimum required resources.', {
        where: { job: jobName },
        why: `The job needs ${slotCount(this.#own)} slots and has ${own} after ${waitedMs} ms.`,
        hint: this.failsJob
          ? 'Raise taskmanager.numberOfTaskSlots, or lower the least parallelism that the job accepts.'
          : 'Raise taskmanager.numberOfTaskSlots, lower the parallelism, or set jobmanager.scheduler to Adaptive.',
      }),
    );
  }

  #place(graph: JobGraph, kept: TaskPlacement | undefined): TaskPlacement | undefined {
    if (kept !== undefined) return replaceLost(kept, this.#granted);
    return placeTasks(graph, this.#granted, this.#config?.mode ?? 'NONE');
  }

  #declare(requirements: readonly SlotRequirement[], effects: JobEffect[]): void {
    if (this.#config === undefined || isSame(requirements, this.#declared)) return;
    this.#declared = requirements;
    effects.push({ type: 'declare-slots', requirements });
  }
}

function isSame(a: readonly SlotRequirement[], b: readonly SlotRequirement[]): boolean {
  return (
    a.length === b.length && a.every(({ group, count }, i) => group === b[i]?.group && count === b[i]?.count)
  );
}
