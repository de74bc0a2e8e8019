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
        const metrics = await cluster.metrics({ type: 'task-manager', taskManagerId: id });
        return ok(taskManagerDetails(manager, new Map(metrics.map((metric) => [metric.id, metric.value]))));
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
function taskManagerDetails(manager: RestTaskManager, values: ReadonlyMap<string, number | string>): Json {
  const value = (name: string): number => Number(values.get(`Status.JVM.${name}`) ?? 0);
  const { segmentBytes, segmentsTotal: total, segmentsAvailable: available } = manager;
  return {
    ...taskManagerJson(manager),
    allocatedSlots: manager.allocated.map(({ jobId, resource }) => ({
      jobId,
      resource: resourceJson(resource),
    })),
    metrics: {
      heapUsed: value('Memory.Heap.Used'),
      heapCommitted: value('Memory.Heap.Committed'),
      heapMax: manager.heapMax,
      nonHeapUsed: value('Memory.NonHeap.Used'),
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
      garbageCollectors: [
        {
          name: 'V8',
          count: value('GarbageCollector.V8.Count'),
          time: Math.round(value('GarbageCollector.V8.Time')),
        },
      ],
    },
  };
}
