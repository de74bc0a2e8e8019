import { cpus, freemem, totalmem } from 'node:os';
import { equalShare, type ResolvedOptions, type SlotResource, withoutResource } from '../../core/internal.js';
import {
  memoryConfigurationOf,
  resourceOf,
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
    const total = resourceOf(spec);
    const share = equalShare(total, slots);
    const free = allocated.reduce((left, { resource = share }) => withoutResource(left, resource), total);
    const network = (count: number): number => Math.floor((Number(spec.network.bytes) * count) / slots);
    return {
      id,
      lastHeartbeatMs: heartbeatMs,
      slots,
      freeSlots: slots - allocated.length,
      totalResource: restResource(total, network(slots)),
      freeResource: restResource(free, network(slots - allocated.length)),
      hardware: {
        cpuCores: cpus().length,
        physicalMemory: totalmem(),
        freeMemory: freemem(),
        managedMemory: Number(spec.managed.bytes),
      },
      memory: memoryOf(spec),
      allocated: allocated.map(({ jobId, resource = share }) => ({
        jobId,
        resource: restResource(resource, network(1)),
      })),
      heapMax: Number(spec.frameworkHeap.bytes + spec.taskHeap.bytes),
      segmentBytes: spec.segmentSize,
      segmentsTotal: segments,
      segmentsAvailable: Math.floor((segments * (slots - allocated.length)) / slots),
    };
  });
}

/** In whole megabytes. */
function restResource(resource: SlotResource, networkBytes: number): RestResource {
  const megabytes = (bytes: number): number => Math.floor(bytes / MEGABYTE);
  return {
    cpuCores: resource.cpuCores,
    taskHeapMemory: megabytes(resource.taskHeapBytes),
    taskOffHeapMemory: megabytes(resource.taskOffHeapBytes),
    managedMemory: megabytes(resource.managedBytes),
    networkMemory: megabytes(networkBytes),
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
