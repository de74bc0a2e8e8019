import { MillraceError } from '../../core/internal.js';
import type { RestResource, RestTaskManager } from './rest-cluster.js';
import { ok } from './rest-message.js';
import { place, type Route } from './rest-router.js';
import { optionalFieldsOf, type RestServices } from './rest-services.js';

type Json = Readonly<Record<string, unknown>>;

/** TaskManagers: their slots and their memory; and, beside Flink, that they come and go. */
export function taskManagerRoutes({ cluster }: RestServices): readonly Route[] {
  return [
    {
      method: 'GET',
      pattern: '/taskmanagers',
      handle: async () => ok({ taskmanagers: (await cluster.taskManagers()).map(taskManagerJson) }),
    },
    {
      method: 'GET',
      pattern: '/taskmanagers/:taskmanagerid',
      handle: async (request) => {
        const id = place(request, 'taskmanagerid');
        const manager = (await cluster.taskManagers()).find((known) => known.id === id);
        if (manager === undefined) throw new MillraceError('MR7002', `TaskManager ${id} not found.`);
        return ok(taskManagerDetails(manager));
      },
    },
    {
      method: 'POST',
      pattern: '/millrace/taskmanagers',
      handle: async (request) => {
        optionalFieldsOf(request.body);
        return ok({ id: await cluster.startTaskManager() });
      },
    },
    {
      method: 'DELETE',
      pattern: '/millrace/taskmanagers/:taskmanagerid',
      handle: async (request) => {
        await cluster.terminateTaskManager(place(request, 'taskmanagerid'));
        return ok({});
      },
    },
  ];
}

function taskManagerJson(manager: RestTaskManager): Json {
  return {
    id: manager.id,
    path: `local://${manager.id}`,
    dataPort: -1,
    jmxPort: -1,
    timeSinceLastHeartbeat: manager.lastHeartbeatMs,
    slotsNumber: manager.slots,
    freeSlots: manager.freeSlots,
    totalResource: resourceJson(manager.totalResource),
    freeResource: resourceJson(manager.freeResource),
    hardware: manager.hardware,
    memoryConfiguration: manager.memory,
  };
}

function resourceJson(resource: RestResource): Json {
  return { ...resource, extendedResources: {} };
}

/** Of what only a Java process has, there is none. */
function taskManagerDetails(manager: RestTaskManager): Json {
  const { segmentBytes, segmentsTotal: total, segmentsAvailable: available } = manager;
  return {
    ...taskManagerJson(manager),
    allocatedSlots: manager.allocated.map(({ jobId, resource }) => ({
      jobId,
      resource: resourceJson(resource),
    })),
    metrics: {
      heapUsed: manager.heapUsed,
      heapCommitted: manager.heapCommitted,
      heapMax: manager.heapMax,
      nonHeapUsed: 0,
      nonHeapCommitted: 0,
      nonHeapMax: -1,
      directCount: 0,
      directUsed: 0,
      directMax: 0,
      mappedCount: 0,
      mappedUsed: 0,
      mappedMax: 0,
      nettyShuffleMemorySegmentsAvailable: available,
      nettyShuffleMemorySegmentsUsed: total - available,
      nettyShuffleMemorySegmentsTotal: total,
      nettyShuffleMemoryAvailable: available * segmentBytes,
      nettyShuffleMemoryUsed: (total - available) * segmentBytes,
      nettyShuffleMemoryTotal: total * segmentBytes,
      garbageCollectors: [],
    },
  };
}
