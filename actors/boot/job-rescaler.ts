import {
  checkRequirements,
  declaredRequirements,
  isMillraceError,
  isReactive,
  type JobGraph,
  limitWithin,
  MillraceError,
  mergedRequirements,
  parallelismWithin,
  type RescaleRecord,
  type ResourceRequirements,
  reactiveRequirements,
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
import { type JobPlan, replanJob } from './job-plan.js';
import type { ThreadTaskLauncher } from './thread-task-launcher.js';

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
  #requirements: ResourceRequirements;
  #begun: Promise<unknown> = Promise.resolve();

  constructor(plan: JobPlan, running: RunningJob, launcher: ThreadTaskLauncher, slots: ClusterSlots) {
    this.#plan = plan;
    this.#running = running;
    this.#launcher = launcher;
    this.#slots = slots;
    this.#requirements = requirementsOf(plan);
  }

  /** By vertex id, of all vertices. */
  get requirements(): ResourceRequirements {
    return this.#requirements;
  }

  async rescale({ parallelism, waits }: RescaleRequest): Promise<RescaleAnswer> {
    const begun = this.#begun.then(() => this.#begin(parallelism));
    this.#begun = begun.catch(leftToCaller);
    try {
      const { done } = await begun;
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
    const requirements = this.#requirements;
    const limit = limitWithin(graph, requirements, this.#within);
    return {
      present: slotCount(slotRequirements(graph)),
      attainable: limit && slotsWithin(graph, requirements, limit),
      desired: slotsWithin(graph, requirements, Number.POSITIVE_INFINITY),
    };
  }

  /** Makes what it can of the slots that there are. Resolves when the job runs so, to what speaks against it if not. */
  async adapt(): Promise<unknown> {
    const begun = this.#begun.then(() => this.#begin(undefined));
    this.#begun = begun.catch(leftToCaller);
    return begun
      .then(({ done }) => done)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  }

  get #within(): number {
    return this.#slots.within(this.#running.view.details().jobId);
  }

  /** Nothing is waited for that can be done while the job runs. `wish` undefined: its requirements stay. */
  async #begin(
    wish: RescaleRequest['parallelism'] | undefined,
  ): Promise<{ done: Promise<RescaleReport | undefined> }> {
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
    if (wish === undefined) return this.#largestThatFits(graph, this.#requirements);
    const changed = typeof wish === 'number' ? uniformRequirements(graph, wish) : wish;
    checkRequirements(graph, changed);
    if (Object.keys(changed).length === 0)
      throw notRescaled(graph, 'It names the parallelism of all its operators itself.');
    const requirements = mergedRequirements(this.#requirements, changed);
    const plan = await this.#largestThatFits(graph, requirements);
    this.#requirements = requirements;
    return plan;
  }

  /** As near to the upper bounds as slots and memory allow, by one limit for all. */
  async #largestThatFits(graph: JobGraph, requirements: ResourceRequirements): Promise<JobPlan> {
    const bounds = Object.values(requirements);
    const limit = limitWithin(graph, requirements, this.#within);
    if (limit === undefined)
      throw notRescaled(graph, `Of slots it could have ${this.#within}, which are too few.`);
    let most = limit;
    let refusal: unknown;
    for (
      const least = Math.max(...bounds.map(({ lowerBound }) => lowerBound));
      ;
      most = Math.max(least, most >> 1)
    ) {
      try {
        return await replanJob(this.#plan, byUid(graph, parallelismWithin(graph, requirements, most)));
      } catch (error) {
        refusal ??= error;
        const isMemory = isMillraceError(error) && (error.code === 'MR4004' || error.code === 'MR4005');
        if (!isMemory || most <= least) throw refusal;
      }
    }
  }

  async #deploy(graph: JobGraph, deployment: Deployment): Promise<RescaleReport | undefined> {
    let rescale: RescaleRecord | undefined;
    try {
      rescale = await this.#running.rescale(graph);
    } catch (error) {
      this.#launcher.withdraw(deployment);
      throw error;
    }
    return rescale && { ...rescale, pauseMs: await this.#launcher.pause };
  }
}

/** By uid of a vertex's head, as plans are asked for. */
function byUid({ vertices }: JobGraph, parallelisms: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries(vertices.map(({ uid }, i) => [uid, parallelisms[i] ?? 1]));
}

function requirementsOf({ graph, options }: JobPlan): ResourceRequirements {
  return isReactive(options.values) ? reactiveRequirements(graph) : declaredRequirements(graph);
}

/**
 * A reactive job begins with all slots that there are; every other one as it is planned, with a warning where it will
 * wait for slots.
 *
 * @throws MillraceError MR4002 where there is no number of slots to react to; MR4004 and MR4005
 */
export async function planForSlots(plan: JobPlan, free: number): Promise<JobPlan> {
  if (!isReactive(plan.options.values)) return withSlotWarning(plan, free);
  if (plan.layout.perTaskManager === undefined)
    throw new MillraceError('MR4002', 'scheduler-mode is REACTIVE, and the slots are without number.', {
      hint: 'Set taskmanager.numberOfTaskSlots.',
    });
  const requirements = reactiveRequirements(plan.graph);
  const limit = limitWithin(plan.graph, requirements, free);
  if (limit === undefined) return plan;
  return replanJob(plan, byUid(plan.graph, parallelismWithin(plan.graph, requirements, limit)));
}

function withSlotWarning(plan: JobPlan, free: number): JobPlan {
  const needed = slotCount(slotRequirements(plan.graph));
  if (needed <= free) return plan;
  const warning = `The job needs ${needed} slots, and the cluster has ${free} for it: its tasks wait for more.`;
  return { ...plan, warnings: [...plan.warnings, warning] };
}

function notRescaled({ name }: JobGraph, why: string): MillraceError {
  return new MillraceError('MR5013', `The job '${name}' is not rescaled.`, { where: { job: name }, why });
}

/** Who asked hears of it. */
function leftToCaller(): void {}
