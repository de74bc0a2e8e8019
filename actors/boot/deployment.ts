import type { JobGraph } from '../../core/internal.js';
import type { GroupPlan, NetworkBufferOptions, RuntimePlan, V8HeapLimits } from '../../memory/index.js';
import type { JobModule } from './job-module.js';
import type { JobPlan } from './job-plan.js';
import { keptOnS3 } from './object-stores.js';
import type { StateContract } from './task-contract.js';
import { TaskThreads } from './task-threads/task-threads.js';

/** What the tasks of a job at one parallelism are started with, and on. */
export interface Deployment {
  /** Of the graph: tells deployments of a job apart. */
  readonly fingerprint: string;
  readonly module: JobModule;
  readonly plan: RuntimePlan;
  readonly networkOptions: NetworkBufferOptions;
  /** Whether the plan's network memory is that of a slot; else it is a TaskManager's. */
  readonly hasSlots: boolean;
  readonly threads: TaskThreads;
}

/** Starts no thread yet. */
export function deploymentOf(job: JobPlan): Deployment {
  const { plan } = job.memory;
  const keepsState = job.graph.vertices.some((vertex) => vertex.operators.some(({ keyed }) => keyed));
  const kind = {
    opensLmdb: keepsState && backendOf(job) === 'lmdb',
    speaksS3: keptOnS3(job.options),
  };
  return {
    fingerprint: job.graph.fingerprint,
    module: job.module,
    plan,
    networkOptions: job.networkOptions,
    hasSlots: job.layout.perTaskManager !== undefined,
    threads: new TaskThreads(kind, heapsOf(job)),
  };
}

export function backendOf(job: JobPlan): StateContract['backend'] {
  return job.options.values['state.backend.type'] === 'lmdb' ? 'lmdb' : 'heap';
}

/** Of each task, in the order of vertices and subtasks. */
function heapsOf({ graph, memory: { plan } }: JobPlan): V8HeapLimits[] {
  return graph.vertices.flatMap((vertex) =>
    new Array<V8HeapLimits>(vertex.parallelism).fill(groupPlanOf(plan, vertex).taskHeap),
  );
}

/** What a task of the vertex runs with. */
export function groupPlanOf(
  plan: RuntimePlan,
  { slotSharingGroup }: JobGraph['vertices'][number],
): GroupPlan {
  return plan.groups[slotSharingGroup] ?? plan;
}
