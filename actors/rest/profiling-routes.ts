import { MillraceError } from '../../core/internal.js';
import { FLAME_GRAPH_TYPES, type FlameGraphType, flameGraph } from './flame-graph.js';
import { FlameGraphs, type VertexSamples } from './flame-graphs.js';
import { ok, type RestRequest } from './rest-message.js';
import { place, type Route } from './rest-router.js';
import { countOf, type RestServices, vertexOf } from './rest-services.js';
import { jobManagerThreads, taskManagerThreads } from './thread-dump.js';
import type { SeenVertex } from './vertex-json.js';

/** Flink's times of graphs that there are not. */
const TERMINATED = { endTimestamp: -1, data: null };
const DISABLED = { endTimestamp: -2, data: null };
const WAITING = { endTimestamp: -3, data: null };

/** What threads do: flame graphs of vertices, and dumps. */
export function profilingRoutes(services: RestServices): readonly Route[] {
  const { cluster, clock, process } = services;
  const graphs = new FlameGraphs(process.flameGraphs, cluster, clock);
  return [
    {
      method: 'GET',
      pattern: '/jobs/:jobid/vertices/:vertexid/flamegraph',
      handle: async (request) => ok(graphOf(graphs, await vertexOf(services, request), request)),
    },
    {
      method: 'GET',
      pattern: '/taskmanagers/:taskmanagerid/thread-dump',
      handle: async (request) => {
        const id = place(request, 'taskmanagerid');
        if (!(await cluster.taskManagers()).some((manager) => manager.id === id))
          throw new MillraceError('MR7002', `TaskManager ${id} not found.`);
        return ok(await taskManagerThreads(cluster, id));
      },
    },
    {
      method: 'GET',
      pattern: '/jobmanager/thread-dump',
      handle: async () => ok(await jobManagerThreads(cluster)),
    },
  ];
}

function graphOf(graphs: FlameGraphs, seen: SeenVertex, request: RestRequest) {
  const type = typeOf(request);
  const subtask = subtaskOf(seen, request);
  if (!graphs.settings.enabled) return DISABLED;
  if (seen.job.endMs !== undefined) return TERMINATED;
  const samples = graphs.samplesOf(seen);
  if (samples === undefined) return WAITING;
  const data = flameGraph(profilesOf(samples, subtask), type, graphs.settings.depth);
  return { endTimestamp: samples.endMs, data };
}

function profilesOf({ bySubtask }: VertexSamples, subtask: number | undefined) {
  return [...bySubtask].flatMap(([of, profile]) =>
    subtask === undefined || of === subtask ? [profile] : [],
  );
}

/** @throws MillraceError MR7003 */
function typeOf({ query }: RestRequest): FlameGraphType {
  const text = (query.get('type') ?? 'full').toUpperCase();
  const type = FLAME_GRAPH_TYPES.find((known) => known === text);
  if (type !== undefined) return type;
  throw new MillraceError('MR7003', "The 'type' of a flame graph is full, on_cpu or off_cpu.");
}

/** @throws MillraceError MR7002, MR7003 */
function subtaskOf({ vertex }: SeenVertex, { query }: RestRequest): number | undefined {
  const text = query.get('subtaskindex');
  if (text === null) return undefined;
  const subtask = countOf(text, 'subtask');
  if (subtask < vertex.parallelism) return subtask;
  throw new MillraceError('MR7002', `The vertex has no subtask ${subtask}.`);
}
