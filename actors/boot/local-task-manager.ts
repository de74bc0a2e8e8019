import { cpus, freemem, totalmem } from 'node:os';
import type { JobDetails, ResolvedOptions } from '../../core/internal.js';
import {
  type MemorySize,
  memoryConfigurationOf,
  segmentCount,
  slotMemory,
  type TaskManagerMemory,
  taskManagerMemory,
  withTaskManagerDefaultSize,
} from '../../memory/index.js';
import type { RestMemory, RestResource, RestTaskManager } from '../rest/rest-cluster.js';

const MEGABYTE = 1024 * 1024;

/** The TaskManager of this process, as its configuration divides it, and the slots that its jobs have. */
export function localTaskManager(options: ResolvedOptions, jobs: readonly JobDetails[]): RestTaskManager {
  const spec = taskManagerMemory(withTaskManagerDefaultSize(options.configured));
  const slot = slotMemory(spec);
  const resource = resourceOf(slot, slot.cpuCores);
  const allocated = jobs
    .filter(({ endMs }) => endMs === undefined)
    .flatMap(({ jobId, graph }) => Array.from({ length: slotsOf(graph) }, () => ({ jobId, resource })));
  const slots = Math.max(spec.numberOfTaskSlots, allocated.length);
  const segments = segmentCount(spec);
  const heap = process.memoryUsage();
  return {
    id: `taskmanager-${process.pid}`,
    lastHeartbeatMs: Date.now(),
    slots,
    freeSlots: slots - allocated.length,
    totalResource: resourceOf(spec, spec.cpuCores),
    freeResource: allocated.length === 0 ? resourceOf(spec, spec.cpuCores) : resource,
    hardware: {
      cpuCores: cpus().length,
      physicalMemory: totalmem(),
      freeMemory: freemem(),
      managedMemory: Number(spec.managed.bytes),
    },
    memory: memoryOf(spec),
    allocated,
    heapUsed: heap.heapUsed,
    heapCommitted: heap.heapTotal,
    heapMax: Number(spec.frameworkHeap.bytes + spec.taskHeap.bytes),
    segmentBytes: spec.segmentSize,
    segmentsTotal: segments,
    segmentsAvailable: segments,
  };
}

/** One slot holds a subtask of each vertex of a sharing group. */
function slotsOf({ vertices }: JobDetails['graph']): number {
  const slots = new Map<string, number>();
  for (const { slotSharingGroup: group, parallelism } of vertices) {
    slots.set(group, Math.max(slots.get(group) ?? 0, parallelism));
  }
  return [...slots.values()].reduce((sum, count) => sum + count, 0);
}

type Sizes = Pick<TaskManagerMemory, 'taskHeap' | 'taskOffHeap' | 'managed' | 'network'>;

function resourceOf({ taskHeap, taskOffHeap, managed, network }: Sizes, cpuCores: number): RestResource {
  return {
    cpuCores,
    taskHeapMemory: megabytes(taskHeap),
    taskOffHeapMemory: megabytes(taskOffHeap),
    managedMemory: megabytes(managed),
    networkMemory: megabytes(network),
  };
}

function megabytes(size: MemorySize): number {
  return Math.floor(Number(size.bytes) / MEGABYTE);
}

function memoryOf(spec: TaskManagerMemory): RestMemory {
  const fields = memoryConfigurationOf(spec);
  const bytes = (name: keyof RestMemory): number => Number(fields[name] ?? 0n);
  return {
    frameworkHeap: bytes('frameworkHeap'),
    taskHeap: bytes('taskHeap'),
    frameworkOffHeap: bytes('frameworkOffHeap'),
    taskOffHeap: bytes('taskOffHeap'),
    networkMemory: bytes('networkMemory'),
    managedMemory: bytes('managedMemory'),
    jvmMetaspace: bytes('jvmMetaspace'),
    jvmOverhead: bytes('jvmOverhead'),
    totalFlinkMemory: bytes('totalFlinkMemory'),
    totalProcessMemory: bytes('totalProcessMemory'),
  };
}
