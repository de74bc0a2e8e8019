import type { AwaitedOperation, ClientSession } from './client-session.js';
import { type ListedJob, namedJob } from './named-job.js';

interface StopOrder {
  /** Undefined: that of the cluster's configuration. */
  readonly folder: string | undefined;
  readonly drain: boolean;
  readonly type: string;
  readonly detached: boolean;
}

/** Rejects as {@link namedJob}; MR3007 if there is no savepoint, and the job goes on. */
export async function stopJob(
  session: ClientSession,
  word: string,
  { folder, drain, type, detached }: StopOrder,
): Promise<void> {
  const job = await namedJob(session.client, word);
  const verb = drain ? 'Draining' : 'Suspending';
  session.tell(`${verb} job "${job.id}" with a savepoint.`);
  const operation = savepointOf(job, `/jobs/${job.id}/stop`, {
    targetDirectory: folder ?? null,
    drain,
    formatType: type,
    triggerId: null,
  });
  if (detached) {
    const triggerId = await session.client.trigger(operation);
    session.print(`Successfully trigger stop-with-savepoint, triggerId: ${triggerId}`, {
      jobId: job.id,
      triggerId,
    });
    return;
  }
  const { location } = await session.outcome({ ...operation, called: 'stop-with-savepoint' });
  session.print(`Savepoint completed. Path: ${String(location)}`, { jobId: job.id, location });
}

/** Resolves when the cluster has been told. */
export async function cancelJob(session: ClientSession, word: string): Promise<void> {
  const { id } = await namedJob(session.client, word);
  session.tell(`Cancelling job ${id}.`);
  await session.client.ask('PATCH', `/jobs/${id}?mode=cancel`);
  session.print(`Cancelled job ${id}.`, { jobId: id });
}

/** Flink's older way to say {@link stopJob}. */
export async function cancelWithSavepoint(
  session: ClientSession,
  word: string,
  folder: string | undefined,
): Promise<void> {
  const job = await namedJob(session.client, word);
  session.tell('DEPRECATION WARNING: Cancelling a job with savepoint is deprecated. Use "stop" instead.');
  session.tell(`Cancelling job ${job.id} with savepoint to ${folder ?? 'default savepoint directory'}.`);
  const { location } = await session.outcome(
    savepointOf(job, `/jobs/${job.id}/savepoints`, {
      'target-directory': folder ?? null,
      'cancel-job': true,
      formatType: 'CANONICAL',
      triggerId: null,
    }),
  );
  session.print(`Cancelled job ${job.id}. Savepoint stored in ${String(location)}.`, {
    jobId: job.id,
    location,
  });
}

/** `path`: of the request that takes it. */
export function savepointOf(
  { id, name }: ListedJob,
  path: string,
  body: AwaitedOperation['body'],
): AwaitedOperation {
  return {
    called: 'savepoint',
    path,
    body,
    outcomes: `/jobs/${id}/savepoints`,
    checkpoints: `/jobs/${id}/checkpoints`,
    failure: { code: 'MR3007', what: `There is no savepoint of job ${id} (${name}), which goes on.` },
  };
}
