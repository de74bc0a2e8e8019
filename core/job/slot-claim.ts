import { invariant } from '../base/invariant.js';
import { MillraceError } from '../base/millrace-error.js';
import type { JobGraph } from '../graph/job-graph.js';
import { toWireError, type WireError } from '../protocol/wire-error.js';
import type { JobEffect, JobEvent } from './job-protocol.js';
import {
  type GrantedSlot,
  keptSlots,
  type LoadBalanceMode,
  placeTasks,
  replaceLost,
  type SlotRequirement,
  slotCount,
  slotKey,
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
 * Invariants:
 * - what is declared is told when it changes; it is what the present attempt needs, and the rescale that is to follow
 *   it, beside what tasks have on TaskManagers that are about to go;
 * - the job chooses what it gives back, and never a slot in which tasks run or are about to: such a slot goes with its
 *   TaskManager only;
 * - what it was told before its newest declaration counts for nothing, so that nobody else can have what it places
 *   tasks in;
 * - an attempt as a whole is placed on TaskManagers that stay, and what is held in vain of others is given back.
 */
export class SlotClaim {
  readonly #config: SlotConfig | undefined;
  #declared: readonly SlotRequirement[] = [];
  /** Its number; 0: there is none yet. */
  #declaration = 0;
  #own: readonly SlotRequirement[] = [];
  /** Of the rescale. */
  #next: readonly SlotRequirement[] = [];
  #granted: readonly GrantedSlot[] = [];
  /** Of the present attempt; undefined: it waits. */
  #placement: TaskPlacement | undefined;
  /** In which tasks run or are about to; some may have gone with their TaskManagers. */
  #inUse: ReadonlySet<string> = new Set();

  /** Undefined: there are as many threads as tasks, and nobody who would know of slots. */
  constructor(config: SlotConfig | undefined) {
    this.#config = config;
  }

  /** What it has now, all of it. */
  onGranted(
    { declaration, slots }: Omit<Extract<JobEvent, { type: 'slots-granted' }>, 'type'>,
    effects: JobEffect[],
  ): void {
    if (declaration !== this.#declaration) return;
    const present = new Set(slots.map(slotKey));
    const lost = this.#granted.filter((slot) => this.#isInUse(slot) && !present.has(slotKey(slot)));
    const stays = lost.find((slot) =>
      slots.some(({ taskManagerId }) => taskManagerId === slot.taskManagerId),
    );
    invariant(stays === undefined, 'a slot in which tasks run goes with its TaskManager only', { ...stays });
    this.#granted = slots;
    this.#declare(effects);
  }

  /**
   * For an attempt that begins. `kept`: where the tasks ran that it goes on with, and those whose place it takes;
   * undefined: nothing of another one runs. True: it has them, or needs none.
   */
  claim(attempt: number, graph: JobGraph, kept: TaskPlacement | undefined, effects: JobEffect[]): boolean {
    this.#own = slotRequirements(graph);
    // A region that begins again is not what a rescale was to come to, though the parallelism be the same.
    if (kept === undefined && isSame(this.#next, this.#own)) this.#next = [];
    this.#place(graph, kept);
    this.#inUse = keysOf(this.#placement ?? kept);
    this.#declare(effects);
    if (this.#config === undefined || this.#placement !== undefined) return true;
    effects.push({ type: 'slots-missing', attempt });
    const delayMs = this.#config.requestTimeoutMs;
    if (Number.isFinite(delayMs))
      effects.push({ type: 'arm-timer', timer: { name: 'slots-due', id: attempt }, delayMs });
    return false;
  }

  /** The attempt that waits, claimed so, may have its slots now. True: it has. */
  resume(attempt: number, graph: JobGraph, kept: TaskPlacement | undefined, effects: JobEffect[]): boolean {
    if (!this.#place(graph, kept)) return false;
    this.#inUse = keysOf(this.#placement);
    effects.push({ type: 'cancel-timer', timer: { name: 'slots-due', id: attempt } });
    this.#declare(effects);
    return true;
  }

  /** For a rescale to come, beside those of the present attempt; undefined: nothing comes of it. */
  reserve(graph: JobGraph | undefined, effects: JobEffect[]): void {
    this.#next = graph === undefined ? [] : slotRequirements(graph);
    this.#declare(effects);
  }

  /** Whether all of these tasks could be placed anew. */
  has(graph: JobGraph): boolean {
    return this.#config === undefined || placeTasks(graph, this.#granted, this.#config.mode) !== undefined;
  }

  /** Where the tasks of the present attempt run; undefined where it waits, or nobody knows of slots. */
  get placement(): TaskPlacement | undefined {
    return this.#placement;
  }

  /** Some of its tasks run where they cannot stay. */
  get mustMove(): boolean {
    return this.#leaving.length > 0;
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

  get #leaving(): readonly GrantedSlot[] {
    return this.#granted.filter((slot) => slot.retiring === true && this.#isInUse(slot));
  }

  #isInUse(slot: GrantedSlot): boolean {
    return this.#inUse.has(slotKey(slot));
  }

  #place(graph: JobGraph, kept: TaskPlacement | undefined): boolean {
    if (this.#config === undefined) return false;
    const { mode } = this.#config;
    this.#placement =
      kept === undefined ? placeTasks(graph, this.#granted, mode) : replaceLost(kept, this.#granted);
    return this.#placement !== undefined;
  }

  /** Says what it needs, and gives back what it does not, where either has changed. */
  #declare(effects: JobEffect[]): void {
    if (this.#config === undefined) return;
    const { mode } = this.#config;
    const requirements = this.#requirements;
    const kept = new Set(requirements.flatMap((each) => keptSlots(this.#granted, each, mode, this.#inUse)));
    const returned = this.#granted.filter((slot) => !kept.has(slot));
    if (returned.length === 0 && isSame(requirements, this.#declared)) return;
    const used = returned.find((slot) => this.#isInUse(slot));
    invariant(used === undefined, 'a slot in which tasks run is not given back', { ...used });
    this.#granted = this.#granted.filter((slot) => kept.has(slot));
    this.#declared = requirements;
    this.#declaration++;
    effects.push({ type: 'declare-slots', declaration: this.#declaration, requirements, returned });
  }

  /** What a rescale is to have it has beside the slots in use that go. */
  get #requirements(): readonly SlotRequirement[] {
    const leaving = this.#leaving;
    const next = this.#next.map((each) => {
      const going = leaving.filter(({ group }) => group === each.group).length;
      return { ...each, count: each.count + going };
    });
    return unitedRequirements(this.#own, next);
  }
}

function keysOf(placement: TaskPlacement | undefined): ReadonlySet<string> {
  return new Set(placement?.flat().map(slotKey));
}

function isSame(a: readonly SlotRequirement[], b: readonly SlotRequirement[]): boolean {
  return (
    a.length === b.length && a.every(({ group, count }, i) => group === b[i]?.group && count === b[i]?.count)
  );
}
