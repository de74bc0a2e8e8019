import { type MetricsQuery, type MetricValue, MillraceError } from '../../core/internal.js';
import { ok, type RestAnswer, type RestRequest } from './rest-message.js';
import { place, type Route } from './rest-router.js';
import { countOf, jobOf, type RestServices, vertexOf } from './rest-services.js';

const VERTEX = '/jobs/:jobid/vertices/:vertexid';
const AGGREGATIONS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  avg: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
};
const WATERMARK = 'currentInputWatermark';

/** Metrics by name: without `get` which there are, with it what they say. */
export function metricRoutes(services: RestServices): readonly Route[] {
  const get = (pattern: string, scopeOf: (request: RestRequest) => Promise<MetricsQuery>): Route => ({
    method: 'GET',
    pattern,
    handle: async (request) => {
      const metrics = await services.cluster.metrics(await scopeOf(request));
      return selected(metrics, request);
    },
  });
  const vertexScope = async (request: RestRequest): Promise<MetricsQuery> => {
    const { job, vertex } = await vertexOf(services, request);
    return { type: 'vertex', jobId: job.jobId, vertexId: vertex.id };
  };
  return [
    {
      method: 'GET',
      pattern: '/metrics',
      handle: async () => ({
        status: 200,
        body: await services.cluster.prometheus(),
        type: 'text/plain; version=0.0.4; charset=utf-8',
      }),
    },
    get('/jobmanager/metrics', async () => ({ type: 'job-manager' })),
    get('/taskmanagers/:taskmanagerid/metrics', async (request) => ({
      type: 'task-manager',
      taskManagerId: await knownTaskManager(services, place(request, 'taskmanagerid')),
    })),
    get('/jobs/:jobid/metrics', async (request) => ({
      type: 'job',
      jobId: (await jobOf(services, request)).jobId,
    })),
    get(`${VERTEX}/metrics`, vertexScope),
    {
      method: 'GET',
      pattern: `${VERTEX}/watermarks`,
      handle: async (request) => {
        const metrics = await services.cluster.metrics(await vertexScope(request));
        return ok(metrics.filter(({ id }) => new RegExp(`^\\d+\\.${WATERMARK}$`).test(id)).map(withText));
      },
    },
    {
      method: 'GET',
      pattern: `${VERTEX}/subtasks/:subtaskindex/metrics`,
      handle: async (request) => {
        const metrics = await services.cluster.metrics(await vertexScope(request));
        const subtask = countOf(place(request, 'subtaskindex'), 'subtask');
        return selected(ofSubtask(metrics, String(subtask)), request);
      },
    },
    ...aggregatedRoutes(services, vertexScope),
  ];
}

/** Over the subtasks of a vertex, over jobs, over TaskManagers. */
function aggregatedRoutes(
  services: RestServices,
  vertexScope: (request: RestRequest) => Promise<MetricsQuery>,
): readonly Route[] {
  const { cluster } = services;
  return [
    {
      method: 'GET',
      pattern: `${VERTEX}/subtasks/metrics`,
      handle: async (request) => {
        const metrics = await cluster.metrics(await vertexScope(request));
        const subtasks = chosen(request, 'subtasks') ?? [
          ...new Set(metrics.map(({ id }) => id.split('.', 1)[0] ?? '')),
        ];
        return aggregate(
          subtasks.map((subtask) => ofSubtask(metrics, subtask)),
          request,
        );
      },
    },
    {
      method: 'GET',
      pattern: '/jobs/metrics',
      handle: async (request) => {
        const jobIds = chosen(request, 'jobs') ?? (await cluster.jobs()).map(({ jobId }) => jobId);
        const scopes = jobIds.map((jobId) => cluster.metrics({ type: 'job', jobId }));
        return aggregate(await Promise.all(scopes), request);
      },
    },
    {
      method: 'GET',
      pattern: '/taskmanagers/metrics',
      handle: async (request) => {
        const ids = chosen(request, 'taskmanagers') ?? (await cluster.taskManagers()).map(({ id }) => id);
        const scopes = ids.map((taskManagerId) => cluster.metrics({ type: 'task-manager', taskManagerId }));
        return aggregate(await Promise.all(scopes), request);
      },
    },
  ];
}

async function knownTaskManager({ cluster }: RestServices, id: string): Promise<string> {
  if ((await cluster.taskManagers()).some((manager) => manager.id === id)) return id;
  throw new MillraceError('MR7002', `TaskManager ${id} not found.`);
}

/** The names of a list in the query; undefined where it was not given. */
function chosen({ query }: RestRequest, name: string): readonly string[] | undefined {
  const list = query.getAll(name).flatMap((names) => names.split(','));
  return list.length === 0 ? undefined : list.filter((one) => one !== '');
}

function selected(metrics: readonly MetricValue[], request: RestRequest): RestAnswer {
  const names = chosen(request, 'get');
  if (names === undefined) return ok(metrics.map(({ id }) => ({ id })));
  return ok(metrics.filter(({ id }) => names.includes(id)).map(withText));
}

/** Values are texts in Flink's answers. */
function withText({ id, value }: MetricValue): { readonly id: string; readonly value: string } {
  return { id, value: String(value) };
}

function ofSubtask(metrics: readonly MetricValue[], subtask: string): MetricValue[] {
  const prefix = `${subtask}.`;
  return metrics
    .filter(({ id }) => id.startsWith(prefix))
    .map(({ id, value }) => ({ id: id.slice(prefix.length), value }));
}

/** Over what each member of a group says; metrics that are no numbers are left out. */
function aggregate(groups: readonly (readonly MetricValue[])[], request: RestRequest): RestAnswer {
  const byId = new Map<string, number[]>();
  for (const { id, value } of groups.flat()) {
    if (Number.isFinite(Number(value))) byId.set(id, [...(byId.get(id) ?? []), Number(value)]);
  }
  const names = chosen(request, 'get');
  if (names === undefined) return ok([...byId.keys()].map((id) => ({ id })));
  const wanted = chosen(request, 'agg') ?? Object.keys(AGGREGATIONS);
  const functions = wanted.map((name) => {
    const combine = Object.hasOwn(AGGREGATIONS, name) ? AGGREGATIONS[name] : undefined;
    if (combine === undefined) throw new MillraceError('MR7003', "An 'agg' is min, max, avg or sum.");
    return [name, combine] as const;
  });
  return ok(
    names.flatMap((id) => {
      const values = byId.get(id);
      if (values === undefined) return [];
      return [{ id, ...Object.fromEntries(functions.map(([name, combine]) => [name, combine(values)])) }];
    }),
  );
}
