import {
  checkRequirements,
  declaredRequirements,
  isMillraceError,
  type JobGraph,
  MillraceError,
  mergedRequirements,
  type RescaleRecord,
  type ResourceRequirements,
  toWireError,
  uniformRequirements,
} from '../../core/internal.js';
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
  #requirements: ResourceRequirements;
  #begun: Promise<unknown> = Promise.resolve();

  constructor(plan: JobPlan, running: RunningJob, launcher: ThreadTaskLauncher) {
    this.#plan = plan;
    this.#running = running;
    this.#launcher = launcher;
    this.#requirements = declaredRequirements(plan.graph);
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

  /** Nothing is waited for that can be done while the job runs. */
  async #begin(wish: RescaleRequest['parallelism']): Promise<{ done: Promise<RescaleReport | undefined> }> {
    const plan = await this.#prepare(wish);
    const deployment = deploymentOf(plan);
    await this.#launcher.offer(deployment);
    return { done: this.#deploy(plan.graph, deployment) };
  }

  /** @throws MillraceError MR5013 and what speaks against the plan */
  async #prepare(wish: RescaleRequest['parallelism']): Promise<JobPlan> {
    const graph = this.#running.view.graph();
    if (
      graph.runtimeMode === 'BATCH' ||
      this.#plan.options.values['execution.checkpointing.interval'] === undefined
    )
      throw notRescaled(graph, 'It takes no checkpoints, without which it would begin anew.');
    const changed = typeof wish === 'number' ? uniformRequirements(graph, wish) : wish;
    checkRequirements(graph, changed);
    if (Object.keys(changed).length === 0)
      throw notRescaled(graph, 'It names the parallelism of all its operators itself.');
    const requirements = mergedRequirements(this.#requirements, changed);
    const plan = await this.#largestThatFits(graph, requirements);
    this.#requirements = requirements;
    return plan;
  }

  /** As near to the upper bounds as the memory allows, by one limit for all. */
  async #largestThatFits(graph: JobGraph, requirements: ResourceRequirements): Promise<JobPlan> {
    const bounds = Object.values(requirements);
    let most = Math.max(...bounds.map(({ upperBound }) => upperBound));
    let refusal: unknown;
    for (
      const least = Math.max(...bounds.map(({ lowerBound }) => lowerBound));
      ;
      most = Math.max(least, most >> 1)
    ) {
      try {
        return await replanJob(this.#plan, limited(graph, requirements, most));
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

/** By uid of a vertex's head: the upper bound, or the limit where that is less and not below the lower one. */
function limited(
  { vertices }: JobGraph,
  requirements: ResourceRequirements,
  most: number,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    vertices.map(({ id, uid, parallelism }) => {
      const { lowerBound, upperBound } = requirements[id] ?? { lowerBound: 1, upperBound: parallelism };
      return [uid, Math.max(lowerBound, Math.min(upperBound, most))];
    }),
  );
}

function notRescaled({ name }: JobGraph, why: string): MillraceError {
  return new MillraceError('MR5013', `The job '${name}' is not rescaled.`, { where: { job: name }, why });
}

/** Who asked hears of it. */
function leftToCaller(): void {}
