import { isMillraceError } from '../core/internal.js';
import type { MemoryConfiguration } from './memory-configuration.js';
import { MemorySize } from './memory-size.js';
import type { TaskManagerMemory } from './memory-spec.js';
import { networkBufferOptions } from './network-buffers.js';
import {
  TASK_MANAGER_PROCESS_OPTIONS,
  taskManagerMemory,
  withTaskManagerDefaultSize,
} from './task-manager-memory.js';
import { type JobDemand, planRuntime, type RuntimePlan } from './v8-mapping.js';

/** The process size grows in steps of this, so that what is chosen reads well. */
const STEP_MB = 64;
/** Beyond 1 TiB it is not the process size that keeps a job from fitting. */
const LARGEST_MB = 1024 * 1024;

export interface FittedMemory {
  readonly spec: TaskManagerMemory;
  readonly plan: RuntimePlan;
  /** The configuration from which `spec` was derived. */
  readonly config: MemoryConfiguration;
  /** What was chosen and why, if the process size is not the shipped one. */
  readonly choice: string | undefined;
}

/**
 * The plan a job runs with. If no size is configured, the process size is raised from the shipped 1728m,
 * by as little as the job needs; a configured size is kept, and a job that does not fit into it is refused.
 * The same arguments give the same size on every machine.
 *
 * @throws MillraceError MR4002, MR4003 of the calculator; MR4004, MR4005 if the job does not fit
 */
export function raiseProcessSizeUntilFits(config: MemoryConfiguration, demand: JobDemand): FittedMemory {
  const shipped = withTaskManagerDefaultSize(config);
  if (shipped === config) return { ...fit(config, demand), config, choice: undefined };
  const first = attempt(shipped, demand);
  if ('plan' in first) return { ...first, config: shipped, choice: undefined };
  const enough = leastStep((steps) => 'plan' in attempt(sized(config, steps * STEP_MB), demand));
  if (enough === undefined) throw first.error;
  const chosen = sized(config, enough * STEP_MB);
  const fitted = fit(chosen, demand);
  return {
    ...fitted,
    config: chosen,
    choice:
      `${TASK_MANAGER_PROCESS_OPTIONS.totalProcess} was raised from ` +
      `${TASK_MANAGER_PROCESS_OPTIONS.shippedProcessSize} to ${enough * STEP_MB}m, so that the job's ` +
      `${fitted.plan.taskThreads} task threads and ${fitted.plan.segmentsRequired} network segments fit.`,
  };
}

type Fitted = { readonly spec: TaskManagerMemory; readonly plan: RuntimePlan };

function fit(config: MemoryConfiguration, demand: JobDemand): Fitted {
  const spec = taskManagerMemory(config);
  return { spec, plan: planRuntime(spec, demand, networkBufferOptions(config)) };
}

function attempt(config: MemoryConfiguration, demand: JobDemand): Fitted | { readonly error: Error } {
  try {
    return fit(config, demand);
  } catch (error) {
    if (isMillraceError(error) && error.code !== 'MR9001') return { error };
    throw error;
  }
}

function sized(config: MemoryConfiguration, mebibytes: number): MemoryConfiguration {
  return { ...config, [TASK_MANAGER_PROCESS_OPTIONS.totalProcess]: `${mebibytes}m` };
}

/** The least number of steps that is enough; more steps are enough as well. Undefined if none is. */
function leastStep(isEnough: (steps: number) => boolean): number | undefined {
  let low = Number(MemorySize.parse(TASK_MANAGER_PROCESS_OPTIONS.shippedProcessSize).bytes >> 20n) / STEP_MB;
  let high = low;
  do {
    high *= 2;
    if (high * STEP_MB > LARGEST_MB) return undefined;
  } while (!isEnough(high));
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
