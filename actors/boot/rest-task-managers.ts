import { cpus, freemem, totalmem } from 'node:os';
import type { ResolvedOptions } from '../../core/internal.js';
import {
  type MemorySize,
  memoryConfigurationOf,
  segmentCount,
  type TaskManagerMemory,
  taskManagerMemory,
  withTaskManagerDefaultSize,
} from '../../memory/index.js';
import type { TaskManagerStatus } from '../cluster/cluster-gateway.js';
import type { RestMemory, RestResource, RestTaskManager } from '../rest/rest-cluster.js';

const MEGABYTE = 1024 * 1024;

/** The TaskManagers of this process, as their configuration divides them. */
export function restTaskManagers(
  { configured }: ResolvedOptions,
  managers: readonly TaskManagerStatus[],
): readonly RestTaskManager[] {
  const spec = taskManagerMemory(withTaskManagerDefaultSize(configured));
  const segments = segmentCount(spec);
  return managers.map(({ id, heartbeatMs, slots, allocated }) => {
    const resource = resourceOf(spec, spec.cpuCores, slots);
    return {
      id,
      lastHeartbeatMs: heartbeatMs,
      slots,
      freeSlots: slots - allocated.length,
      totalResource: resourceOf(spec, spec.cpuCores, 1),
      freeResource: resourceOf(spec, spec.cpuCores, slots, slots - allocated.length),
      hardware: {
        cpuCores: cpus().length,
        physicalMemory: totalmem(),
        freeMemory: freemem(),
        managedMemory: Number(spec.managed.bytes),
      },
      memory: memoryOf(spec),
      allocated: allocated.map(({ jobId }) => ({ jobId, resource })),
      heapMax: Number(spec.frameworkHeap.bytes + spec.taskHeap.bytes),
      segmentBytes: spec.segmentSize,
      segmentsTotal: segments,
      segmentsAvailable: Math.floor((segments * (slots - allocated.length)) / slots),
    };
  });
}

type Sizes = Pick<TaskManagerMemory, 'taskHeap' | 'taskOffHeap' | 'managed' | 'network'>;

/** So many of equal parts. */
function resourceOf(sizes: Sizes, cpuCores: number, parts: number, count = 1): RestResource {
  const megabytes = ({ bytes }: MemorySize): number => Math.floor((Number(bytes) * count) / parts / MEGABYTE);
  return {
    cpuCores: (cpuCores * count) / parts,
    taskHeapMemory: megabytes(sizes.taskHeap),
    taskOffHeapMemory: megabytes(sizes.taskOffHeap),
    managedMemory: megabytes(sizes.managed),
    networkMemory: megabytes(sizes.network),
  };
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
