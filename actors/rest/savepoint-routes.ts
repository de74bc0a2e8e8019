import { fromWireError, MillraceError } from '../../core/internal.js';
import type { SavepointRequest } from '../cluster/cluster-gateway.js';
import { asynchronousResult } from './operation-json.js';
import { accepted, ok, type RestAnswer, type RestRequest } from './rest-message.js';
import { place, type Route } from './rest-router.js';
import { fieldsOf, jobIdOf, jobOf, optionalFieldsOf, type RestServices } from './rest-services.js';

const SAVEPOINTS = '/jobs/:jobid/savepoints';
const DISPOSAL = '/savepoint-disposal';
/** Ours is one format, which both words may mean. */
const FORMATS: readonly unknown[] = ['CANONICAL', 'NATIVE', undefined, null];

/** Savepoints: taking one, with or without the end of the job, and removing one. */
export function savepointRoutes(services: RestServices): readonly Route[] {
  const { operations, roots, cluster } = services;
  return [
    { method: 'POST', pattern: SAVEPOINTS, handle: (request) => savepoint(services, request) },
    { method: 'POST', pattern: '/jobs/:jobid/stop', handle: (request) => stop(services, request) },
    // What older clients send.
    { method: 'PATCH', pattern: '/jobs/:jobid/stop', handle: (request) => stop(services, request) },
    {
      method: 'GET',
      pattern: `${SAVEPOINTS}/:triggerid`,
      handle: async (request) => {
        const outcome = operations.outcome(subjectOf(jobIdOf(request)), place(request, 'triggerid'));
        return ok(asynchronousResult(outcome, 'location', 'failure-cause'));
      },
    },
    {
      method: 'POST',
      pattern: DISPOSAL,
      handle: async (request) => {
        const { 'savepoint-path': written, triggerId } = fieldsOf(request.body);
        if (typeof written !== 'string')
          throw new MillraceError('MR7003', "The body has no text 'savepoint-path'.");
        const path = await roots.confined(written);
        const id = operations.start(DISPOSAL, triggerId, async () => {
          await cluster.disposeSavepoint(path);
          return undefined;
        });
        return ok({ 'request-id': id });
      },
    },
    {
      method: 'GET',
      pattern: `${DISPOSAL}/:triggerid`,
      handle: async (request) => {
        const outcome = operations.outcome(DISPOSAL, place(request, 'triggerid'));
        return ok(asynchronousResult(outcome, 'location', 'failure-cause'));
      },
    },
  ];
}

async function savepoint(services: RestServices, request: RestRequest): Promise<RestAnswer> {
  const { 'target-directory': folder, 'cancel-job': cancels, ...rest } = optionalFieldsOf(request.body);
  return trigger(services, request, {
    folder,
    stop: flag(cancels, 'cancel-job') ? 'suspend' : undefined,
    ...rest,
  });
}

async function stop(services: RestServices, request: RestRequest): Promise<RestAnswer> {
  const { targetDirectory: folder, drain, ...rest } = optionalFieldsOf(request.body);
  return trigger(services, request, { folder, stop: flag(drain, 'drain') ? 'drain' : 'suspend', ...rest });
}

interface SavepointFields {
  readonly folder: unknown;
  readonly stop: SavepointRequest['stop'];
  readonly formatType?: unknown;
  readonly triggerId?: unknown;
}

async function trigger(
  services: RestServices,
  request: RestRequest,
  { folder: written, stop: end, formatType, triggerId }: SavepointFields,
): Promise<RestAnswer> {
  const { jobId } = await jobOf(services, request);
  if (!FORMATS.includes(formatType))
    throw new MillraceError('MR7003', 'A formatType is CANONICAL or NATIVE.');
  if (written !== undefined && written !== null && typeof written !== 'string') {
    throw new MillraceError('MR7003', 'The folder of a savepoint is a text.');
  }
  const folder = typeof written === 'string' ? await services.roots.confined(written) : undefined;
  const id = services.operations.start(subjectOf(jobId), triggerId, async () => {
    const answer = await services.cluster.savepoint(jobId, { folder, stop: end });
    if (answer.type === 'failed') throw fromWireError(answer.error);
    return answer.path;
  });
  return accepted({ 'request-id': id });
}

function flag(value: unknown, name: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw new MillraceError('MR7003', `'${name}' is true or false.`);
}

function subjectOf(jobId: string): string {
  return `savepoints/${jobId}`;
}
