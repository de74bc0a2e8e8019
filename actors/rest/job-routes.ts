import { type JobDetails, MillraceError } from '../../core/internal.js';
import { accumulatorEntries } from './accumulator-json.js';
import { exceptionHistory } from './exception-json.js';
import { javaThrowable } from './java-throwable.js';
import { jobDetails, jobOverview, planOf } from './job-json.js';
import { accepted, ok, type RestAnswer, type RestRequest } from './rest-message.js';
import type { Route } from './rest-router.js';
import { countOf, jobOf, optionalFieldsOf, type RestServices } from './rest-services.js';

const EXCEPTIONS_SHOWN = 20;

/** Jobs as wholes: what they are, how they stand, how they are ended. */
export function jobRoutes(services: RestServices): readonly Route[] {
  const { cluster, clock } = services;
  const get = (pattern: string, answer: (job: JobDetails, request: RestRequest) => unknown): Route => ({
    method: 'GET',
    pattern,
    handle: async (request) => ok(await answer(await jobOf(services, request), request)),
  });
  return [
    {
      method: 'GET',
      pattern: '/jobs',
      handle: async () =>
        ok({ jobs: (await cluster.jobs()).map(({ jobId, status }) => ({ id: jobId, status })) }),
    },
    {
      method: 'GET',
      pattern: '/jobs/overview',
      handle: async () => ok({ jobs: (await cluster.jobs()).map((job) => jobOverview(job, clock.wallMs())) }),
    },
    get('/jobs/:jobid', async (job) => jobDetails(job, await cluster.tasks(job.jobId), clock.wallMs())),
    get('/jobs/:jobid/status', ({ status }) => ({ status })),
    get('/jobs/:jobid/plan', ({ jobId, graph }) => ({ plan: planOf(jobId, graph) })),
    get('/jobs/:jobid/config', (job) => jobConfig(services, job)),
    get('/jobs/:jobid/exceptions', (job, request) => exceptions(services, job, request)),
    get('/jobs/:jobid/accumulators', async ({ jobId }) => ({
      'job-accumulators': [],
      'user-task-accumulators': accumulatorEntries(await cluster.accumulators(jobId)),
      'serialized-user-task-accumulators': {},
    })),
    get('/jobs/:jobid/execution-result', (job) => executionResult(services, job)),
    { method: 'PATCH', pattern: '/jobs/:jobid', handle: (request) => terminate(services, request) },
    {
      method: 'PATCH',
      pattern: '/jobs/:jobid/clientHeartbeat',
      handle: async (request) => {
        await jobOf(services, request);
        if (typeof optionalFieldsOf(request.body).expiredTimestamp !== 'number') {
          throw new MillraceError('MR7003', "The body has no number 'expiredTimestamp'.");
        }
        // Jobs do not live with the client that started them, so nothing is to be kept alive.
        return accepted();
      },
    },
  ];
}

async function terminate(services: RestServices, request: RestRequest): Promise<RestAnswer> {
  const mode = request.query.get('mode') ?? 'cancel';
  if (mode !== 'cancel') {
    throw new MillraceError('MR7003', "The only 'mode' is cancel.", {
      hint: 'To stop, POST to /jobs/:jobid/stop.',
    });
  }
  const { jobId } = await jobOf(services, request);
  await services.cluster.cancel(jobId);
  return accepted();
}

async function jobConfig({ cluster }: RestServices, { jobId, jobName }: JobDetails): Promise<unknown> {
  const configuration = await cluster.jobConfiguration(jobId);
  if (configuration === undefined) return { jid: jobId, name: jobName };
  return {
    jid: jobId,
    name: jobName,
    'execution-config': {
      'restart-strategy': configuration.restartStrategy,
      'job-parallelism': configuration.parallelism,
      'object-reuse-mode': false,
      'user-config': configuration.params,
    },
  };
}

async function exceptions(
  { cluster }: RestServices,
  { jobId }: JobDetails,
  { query }: RestRequest,
): Promise<unknown> {
  const max = countOf(query.get('maxExceptions') ?? String(EXCEPTIONS_SHOWN), 'maxExceptions');
  return exceptionHistory(
    await cluster.failures(jobId),
    max,
    labelsOf(query.get('failureLabelFilter') ?? ''),
  );
}

/** `key:value,key:value` */
function labelsOf(filter: string): readonly (readonly [string, string])[] {
  return filter
    .split(',')
    .filter((label) => label !== '')
    .map((label) => {
      const [key = '', value] = label.split(':', 2);
      if (value === undefined)
        throw new MillraceError('MR7003', 'A failureLabelFilter is a list of key:value.');
      return [key, value] as const;
    });
}

const ENDED: Readonly<Record<string, string>> = {
  FINISHED: 'SUCCEEDED',
  FAILED: 'FAILED',
  CANCELED: 'CANCELED',
  SUSPENDED: 'UNKNOWN',
};

async function executionResult({ cluster }: RestServices, job: JobDetails): Promise<unknown> {
  const status = ENDED[job.status];
  if (status === undefined) return { status: { id: 'IN_PROGRESS' } };
  const failures = job.status === 'FINISHED' ? [] : await cluster.failures(job.jobId);
  const cause = failures.at(-1)?.rootCause;
  return {
    status: { id: 'COMPLETED' },
    'job-execution-result': {
      id: job.jobId,
      'application-status': status,
      // Flink's hold Java objects; /accumulators tells them.
      'accumulator-results': {},
      'net-runtime': (job.endMs ?? job.startMs) - job.startMs,
      ...(cause === undefined ? {} : { 'failure-cause': javaThrowable(`${cause.code} ${cause.what}`) }),
    },
  };
}
