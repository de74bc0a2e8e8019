import {
  declaredRequirements,
  isMillraceError,
  isReactive,
  type JobGraph,
  limitWithin,
  MillraceError,
  parallelismWithin,
  type ResourceRequirements,
  reactiveRequirements,
  requirementsByUid,
  requirementsKept,
  slotCount,
  slotRequirements,
} from '../../core/internal.js';
import type { RequirementsRecord } from '../../storage/index.js';
import { type JobPlan, replanJob } from './job-plan.js';

/**
 * How parallel a job is to be: as it was started, until a rescale asks for something else; that outlives the process.
 *
 * Invariant: what `present` says after a change is what a process that takes the job over will find.
 */
export class JobRequirements {
  readonly #declared: ResourceRequirements;
  readonly #record: RequirementsRecord | undefined;
  #present: ResourceRequirements;

  constructor(
    declared: ResourceRequirements,
    present: ResourceRequirements,
    record: RequirementsRecord | undefined,
  ) {
    this.#declared = declared;
    this.#present = present;
    this.#record = record;
  }

  /** By vertex id, of all vertices. */
  get present(): ResourceRequirements {
    return this.#present;
  }

  /** Rejects with what the storage says; then it is open what a later process finds. */
  async change(graph: JobGraph, wanted: ResourceRequirements): Promise<void> {
    await this.#record?.keep({
      declared: requirementsByUid(graph, this.#declared),
      wanted: requirementsByUid(graph, wanted),
    });
    this.#present = wanted;
  }
}

/** A job that goes on from an earlier process, or that begins. */
export interface ResumedPlan {
  /** The same as was given, unless a rescale has asked for another parallelism. */
  readonly plan: JobPlan;
  readonly requirements: JobRequirements;
}

/**
 * What a job goes on with: what was asked for by the rescales of its run, if it is started as it was then. Where that
 * cannot be had, it goes on as it was started, and a warning says why.
 *
 * @param free slots that it could have
 */
export async function planAsRescaled(
  plan: JobPlan,
  record: RequirementsRecord | undefined,
  free: number,
): Promise<ResumedPlan> {
  const declared = requirementsOf(plan);
  const asStarted = new JobRequirements(declared, declared, record);
  try {
    const kept = await record?.load();
    if (kept === undefined) return { plan, requirements: asStarted };
    const wanted = requirementsKept(plan.graph, declared, kept);
    if (wanted === undefined) {
      const warning = 'It is started with another parallelism than it was rescaled from, and has that now.';
      return { plan: withWarning(plan, warning), requirements: asStarted };
    }
    const limit = limitWithin(plan.graph, wanted, free) ?? Number.POSITIVE_INFINITY;
    const resumed = await planWithin(plan, plan.graph, wanted, limit);
    return {
      plan: withSlotWarning(resumed, free),
      requirements: new JobRequirements(declared, wanted, record),
    };
  } catch (error) {
    const warning = `The parallelism that a rescale had given the job is not kept. ${String(error)}`;
    return { plan: withWarning(plan, warning), requirements: asStarted };
  }
}

/** As near to the upper bounds as the limit and memory allow. Rejects with what speaks against the least. */
export async function planWithin(
  plan: JobPlan,
  graph: JobGraph,
  requirements: ResourceRequirements,
  limit: number,
): Promise<JobPlan> {
  const bounds = Object.values(requirements);
  const least = Math.max(...bounds.map(({ lowerBound }) => lowerBound));
  let most = Math.min(limit, Math.max(...bounds.map(({ upperBound }) => upperBound)));
  let refusal: unknown;
  for (; ; most = Math.max(least, most >> 1)) {
    try {
      return await replanJob(plan, byUid(graph, parallelismWithin(graph, requirements, most)));
    } catch (error) {
      refusal ??= error;
      const isMemory = isMillraceError(error) && (error.code === 'MR4004' || error.code === 'MR4005');
      if (!isMemory || most <= least) throw refusal;
    }
  }
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

function requirementsOf({ graph, options }: JobPlan): ResourceRequirements {
  return isReactive(options.values) ? reactiveRequirements(graph) : declaredRequirements(graph);
}

/** By uid of a vertex's head, as plans are asked for. */
function byUid({ vertices }: JobGraph, parallelisms: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries(vertices.map(({ uid }, i) => [uid, parallelisms[i] ?? 1]));
}

function withSlotWarning(plan: JobPlan, free: number): JobPlan {
  const needed = slotCount(slotRequirements(plan.graph));
  if (needed <= free) return plan;
  return withWarning(
    plan,
    `The job needs ${needed} slots, and the cluster has ${free} for it: its tasks wait for more.`,
  );
}

function withWarning(plan: JobPlan, warning: string): JobPlan {
  return plan.warnings.includes(warning) ? plan : { ...plan, warnings: [...plan.warnings, warning] };
}
