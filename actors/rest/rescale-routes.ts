import { type JobDetails, type JobGraph, MillraceError } from '../../core/internal.js';
import type { RescaleReport } from '../cluster/rescale-request.js';
import { asynchronousResult } from './operation-json.js';
import type { RestParallelism } from './rest-cluster.js';
import { accepted, ok, type RestAnswer, type RestRequest } from './rest-message.js';
import { place, type Route } from './rest-router.js';
import { countOf, fieldsOf, jobIdOf, jobOf, type RestServices, vertexNamed } from './rest-services.js';
import { vertexIdOf } from './vertex-id.js';

const REQUIREMENTS = '/jobs/:jobid/resource-requirements';
const RESCALE = '/jobs/:jobid/millrace/rescale';
/** Flink's older way, which is in its manual and answers 503 there. */
const RESCALING = '/jobs/:jobid/rescaling';

/** The parallelism of a running job: Flink's way to ask for another, and one of our own that tells what came of it. */
export function rescaleRoutes(services: RestServices): readonly Route[] {
  return [
    {
      method: 'GET',
      pattern: REQUIREMENTS,
      handle: async (request) => ok(await requirements(services, await jobOf(services, request))),
    },
    {
      method: 'PUT',
      pattern: REQUIREMENTS,
      handle: async (request) => {
        const { jobId, graph } = await jobOf(services, request);
        const wish = Object.entries(fieldsOf(request.body)).map(([id, requirement]) => ({
          vertexId: vertexNamed(graph, id).id,
          ...boundsOf(fieldsOf(requirement).parallelism),
        }));
        await services.cluster.rescale(jobId, wish, false);
        return ok({});
      },
    },
    { method: 'POST', pattern: RESCALE, handle: (request) => rescale(services, request) },
    outcomeRoute(services, RESCALE, 'rescale'),
    {
      method: 'PATCH',
      pattern: RESCALING,
      handle: async (request) => {
        const { jobId } = await jobOf(services, request);
        const parallelism = countOf(request.query.get('parallelism') ?? '', 'parallelism');
        return begun(services, jobId, undefined, countOfTasks(parallelism), () => undefined);
      },
    },
    outcomeRoute(services, RESCALING, 'rescale'),
  ];
}

function outcomeRoute(services: RestServices, pattern: string, valueName: string): Route {
  return {
    method: 'GET',
    pattern: `${pattern}/:triggerid`,
    handle: async (request) => {
      const outcome = services.operations.outcome(subjectOf(jobIdOf(request)), place(request, 'triggerid'));
      return ok(asynchronousResult(outcome, valueName, 'failure-cause'));
    },
  };
}

/** Asks for it, and lets who has asked come back for what `told` makes of the outcome. */
function begun(
  services: RestServices,
  jobId: string,
  triggerId: unknown,
  wish: number | readonly RestParallelism[],
  told: (report: RescaleReport) => unknown,
): RestAnswer {
  const id = services.operations.start(subjectOf(jobId), triggerId, async () => {
    const report = await services.cluster.rescale(jobId, wish, true);
    return report && told(report);
  });
  return accepted({ 'request-id': id });
}

async function requirements({ cluster }: RestServices, { jobId, graph }: JobDetails): Promise<unknown> {
  const known = (await cluster.resourceRequirements(jobId)) ?? [];
  return Object.fromEntries(
    known.map(({ vertexId, lowerBound, upperBound }) => [
      vertexIdOf(graph.vertices[vertexId]?.uid ?? ''),
      { parallelism: { lowerBound, upperBound } },
    ]),
  );
}

async function rescale(services: RestServices, request: RestRequest): Promise<RestAnswer> {
  const { jobId, graph } = await jobOf(services, request);
  const { parallelism, vertices, triggerId } = fieldsOf(request.body);
  const wish = vertices === undefined ? countOfTasks(parallelism) : namedBounds(graph, fieldsOf(vertices));
  return begun(services, jobId, triggerId, wish, (report) => reportJson(report, graph));
}

function namedBounds(
  graph: JobGraph,
  vertices: Readonly<Record<string, unknown>>,
): readonly RestParallelism[] {
  return Object.entries(vertices).map(([name, bounds]) => ({
    vertexId: vertexCalled(graph, name).id,
    ...boundsOf(bounds),
  }));
}

/** By its id, by its name, or by the uid or name of an operator that it runs. @throws MillraceError MR7002 */
function vertexCalled({ vertices }: JobGraph, called: string): JobGraph['vertices'][number] {
  const isCalled = ({ uid, name }: { readonly uid: string; readonly name: string }): boolean =>
    uid === called || name === called;
  const found = vertices.filter(
    (vertex) =>
      vertexIdOf(vertex.uid) === called ||
      isCalled(vertex) ||
      vertex.operators.some((each) => isCalled(each)),
  );
  const [vertex] = found;
  if (vertex !== undefined && found.length === 1) return vertex;
  const names = vertices.map(({ uid, name }) => `'${uid}' (${name})`).join(', ');
  throw new MillraceError('MR7002', `${found.length} vertices are called '${called}'.`, {
    why: `the job has ${names}`,
    hint: 'Name one by the uid of an operator that it runs.',
  });
}

function reportJson(report: RescaleReport, { vertices }: JobGraph): unknown {
  return {
    ...report,
    vertices: report.vertices.map((parallelism, id) => ({
      id: vertexIdOf(vertices[id]?.uid ?? ''),
      name: vertices[id]?.name ?? '',
      ...parallelism,
    })),
  };
}

function boundsOf(value: unknown): { readonly lowerBound: number; readonly upperBound: number } {
  const { lowerBound, upperBound } = fieldsOf(value);
  return { lowerBound: countOfTasks(lowerBound), upperBound: countOfTasks(upperBound) };
}

function countOfTasks(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
  throw new MillraceError('MR7003', 'A parallelism, and the bounds of one, are whole numbers from 1 on.');
}

function subjectOf(jobId: string): string {
  return `rescale/${jobId}`;
}
