import { type Clock, type JobDetails, type JobGraph, MillraceError } from '../../core/internal.js';
import type { FlameGraphSettings } from './flame-graphs.js';
import type { OperationStore } from './operation-store.js';
import type { RestCluster } from './rest-cluster.js';
import type { RestRequest } from './rest-message.js';
import { place } from './rest-router.js';
import type { SavepointRoots } from './savepoint-roots.js';
import { vertexIdOf } from './vertex-id.js';
import type { SeenVertex } from './vertex-json.js';

/** What handlers work with. */
export interface RestServices {
  readonly cluster: RestCluster;
  readonly clock: Clock;
  readonly operations: OperationStore;
  readonly roots: SavepointRoots;
  readonly process: RestProcess;
}

/** Of the process that serves. Names that look like secrets carry no value. */
export interface RestProcess {
  /** Of millrace. */
  readonly version: string;
  readonly refreshIntervalMs: number;
  readonly flameGraphs: FlameGraphSettings;
  readonly timezoneName: string;
  readonly timezoneOffsetMs: number;
  /** Its configuration, as far as it was set. */
  readonly configuration: readonly { readonly key: string; readonly value: string }[];
  readonly runtime: { readonly version: string; readonly arch: string; readonly options: readonly string[] };
  /** Ends the cluster; undefined where it lives with its one job. */
  readonly shutDown: (() => void) | undefined;
}

const JOB_ID = /^[0-9a-f]{32}$/;

/** The job's id of the path. @throws MillraceError MR7003 for what can be none */
export function jobIdOf(request: RestRequest): string {
  const jobId = place(request, 'jobid');
  if (JOB_ID.test(jobId)) return jobId;
  throw new MillraceError('MR7003', 'The id of a job has 32 hex digits in lower case.');
}

/** The job of the path. @throws MillraceError MR7002, MR7003 */
export async function jobOf({ cluster }: RestServices, request: RestRequest): Promise<JobDetails> {
  const jobId = jobIdOf(request);
  const job = await cluster.job(jobId);
  if (job === undefined) throw new MillraceError('MR7002', `Job ${jobId} not found.`);
  return job;
}

/** The vertex of the path, with what its tasks have done. @throws MillraceError MR7002, MR7003 */
export async function vertexOf(services: RestServices, request: RestRequest): Promise<SeenVertex> {
  const job = await jobOf(services, request);
  const vertex = vertexNamed(job.graph, place(request, 'vertexid'));
  const tasks = await services.cluster.tasks(job.jobId);
  return { job, vertex, tasks, nowMs: services.clock.wallMs() };
}

/** @throws MillraceError MR7002 */
export function vertexNamed(graph: JobGraph, id: string): JobGraph['vertices'][number] {
  const vertex = graph.vertices.find(({ uid }) => vertexIdOf(uid) === id);
  if (vertex === undefined) throw new MillraceError('MR7002', `Vertex ${id} not found.`);
  return vertex;
}

/** A whole number of the path or the query. @throws MillraceError MR7003 */
export function countOf(text: string, what: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new MillraceError('MR7003', `The ${what} is a whole number.`);
}

/** The fields of a body, which has to be an object. @throws MillraceError MR7003 */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  throw new MillraceError('MR7003', 'The body of the request is one JSON object.');
}

/** As `fieldsOf`, and nothing is an empty object. */
export function optionalFieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return body === undefined || body === null ? {} : fieldsOf(body);
}
