import {
  checkRequirements,
  type JobGraph,
  limitWithin,
  MillraceError,
  mergedRequirements,
  type RescaleRecord,
  type ResourceRequirements,
  type ScalingFacts,
  slotCount,
  slotRequirements,
  slotsWithin,
  toWireError,
  uniformRequirements,
} from '../../core/internal.js';
import type { ClusterSlots } from '../cluster/cluster-slots.js';
import type { RunningJob } from '../cluster/job-master-actor.js';
import type { RescaleAnswer, RescaleReport, RescaleRequest } from '../cluster/rescale-request.js';
import { type Deployment, deploymentOf } from './deployment.js';
import type { JobPlan } from './job-plan.js';
import { type JobRequirements, planWithin, type ResumedPlan } from './job-requirements.js';
import type { ThreadTaskLauncher } from './thread-task-launcher.js';

/** What is asked of the master, and has not come about yet. */
interface BegunRescale {
  readonly done: Promise<RescaleReport | undefined>;
}

/**
 * Changes the parallelism of one hosted job: finds out what it would run with, before anything is taken down, and has
 * its master go on so.
 *
 * Invariants: wishes are begun one after the other, in the order in which they came; the requirements are those of
 * the newest wish against which nothing spoke.
 */
export class JobRescaler {
  readonly #plan: JobPlan;
  readonly #running: RunningJob;
  readonly #launcher: ThreadTaskLauncher;
  readonly #slots: ClusterSlots;
  readonly #requirements: JobRequirements;
  #begun: Promise<unknown> = Promise.resolve();
  /** Settles, never to an error, with the last of the wishes that are open. */
  #settled: Promise<unknown> = Promise.resolve();

  constructor(
    { plan, requirements }: ResumedPlan,
    running: RunningJob,
    launcher: ThreadTaskLauncher,
    slots: ClusterSlots,
  ) {
    this.#plan = plan;
    this.#running = running;
    this.#launcher = launcher;
    this.#slots = slots;
    this.#requirements = requirements;
  }

  /** By vertex id, of all vertices. */
  get requirements(): ResourceRequirements {
    return this.#requirements.present;
  }

  async rescale({ parallelism, waits }: RescaleRequest): Promise<RescaleAnswer> {
    try {
      const { done } = await this.#wish(parallelism);
      if (waits) return { type: 'rescaled', rescale: await done };
      done.catch(leftToCaller);
      return { type: 'accepted' };
    } catch (error) {
      return { type: 'failed', error: toWireError(error) };
    }
  }

  /** As many slots as its requirements are satisfied with, of those that there are. */
  scaling(): ScalingFacts {
    const graph = this.#running.view.graph();
    const requirements = this.#requirements.present;
    const limit = limitWithin(graph, requirements, this.#within);
    return {
      present: slotCount(slotRequirements(graph)),
      attainable: limit && slotsWithin(graph, requirements, limit),
      desired: slotsWithin(graph, requirements, Number.POSITIVE_INFINITY),
    };
  }

  /** Makes what it can of the slots that there are. Resolves when the job runs so, to what speaks against it if not. */
  async adapt(): Promise<unknown> {
    return this.#wish(undefined)
      .then(({ done }) => done)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  }

  /** Resolves when nobody's wish is open, those that come meanwhile included: what has become of them is not said. */
  async rest(): Promise<void> {
    for (let settled: unknown; settled !== this.#settled; ) {
      settled = this.#settled;
      await settled;
    }
  }

  /** `parallelism`: undefined: its requirements stay. */
  #wish(parallelism: RescaleRequest['parallelism'] | undefined): Promise<BegunRescale> {
    const begun = this.#begun.then(() => this.#begin(parallelism));
    const ended = begun.then(({ done }) => done).catch(leftToCaller);
    this.#begun = begun.catch(leftToCaller);
    // Without what they have settled to, which would be held from wish to wish.
    this.#settled = Promise.all([this.#settled, ended]).then(() => undefined);
    return begun;
  }

  get #within(): number {
    return this.#slots.within(this.#running.view.details().jobId);
  }

  /** Nothing is waited for that can be done while the job runs. */
  async #begin(wish: RescaleRequest['parallelism'] | undefined): Promise<BegunRescale> {
    const plan = await this.#prepare(wish);
    const deployment = deploymentOf(plan);
    await this.#launcher.offer(deployment);
    return { done: this.#deploy(plan.graph, deployment) };
  }

  /** @throws MillraceError MR5013 and what speaks against the plan */
  async #prepare(wish: RescaleRequest['parallelism'] | undefined): Promise<JobPlan> {
    const graph = this.#running.view.graph();
    if (
      graph.runtimeMode === 'BATCH' ||
      (this.#plan.options.values['execution.checkpointing.interval'] === undefined &&
        !this.#running.view.isDown)
    )
      throw notRescaled(graph, 'It takes no checkpoints, without which it would begin anew.');
    if (wish === undefined) return this.#largestThatFits(graph, this.#requirements.present);
    const changed = typeof wish === 'number' ? uniformRequirements(graph, wish) : wish;
    checkRequirements(graph, changed);
    if (Object.keys(changed).length === 0)
      throw notRescaled(graph, 'It names the parallelism of all its operators itself.');
    const requirements = mergedRequirements(this.#requirements.present, changed);
    const plan = await this.#largestThatFits(graph, requirements);
    await this.#requirements.change(graph, requirements);
    return plan;
  }

  /** As near to the upper bounds as slots and memory allow, by one limit for all. */
  async #largestThatFits(graph: JobGraph, requirements: ResourceRequirements): Promise<JobPlan> {
    const limit = limitWithin(graph, requirements, this.#within);
    if (limit === undefined)
      throw notRescaled(graph, `Of slots it could have ${this.#within}, which are too few.`);
    return planWithin(this.#plan, graph, requirements, limit);
  }

  async #deploy(graph: JobGraph, deployment: Deployment): Promise<RescaleReport | undefined> {
    let rescale: RescaleRecord | undefined;
    const former = this.#launcher.pause;
    try {
      rescale = await this.#running.rescale(graph);
    } catch (error) {
      this.#launcher.withdraw(deployment);
      throw error;
    }
    const { pause } = this.#launcher;
    // Where the graph has stayed the same none is measured.
    return rescale && { ...rescale, pauseMs: pause === former ? undefined : await pause };
  }
}

function notRescaled({ name }: JobGraph, why: string): MillraceError {
  return new MillraceError('MR5013', `The job '${name}' is not rescaled.`, { where: { job: name }, why });
}

/** Who asked hears of it. */
function leftToCaller(): void {}
