import type { AwaitedOperation, ClientSession } from './client-session.js';
import { savepointOf } from './job-ending.js';
import { namedJob } from './named-job.js';

/** Rejects as {@link namedJob}; MR3007 if there is none. */
export async function takeSavepoint(
  session: ClientSession,
  word: string,
  order: {
    readonly folder: string | undefined;
    readonly type: string;
    readonly detached: boolean;
    /** What else may stand in the place of a job. */
    readonly commands: readonly string[];
  },
): Promise<void> {
  const job = await namedJob(session.client, word, order.commands);
  const operation = savepointOf(job, `/jobs/${job.id}/savepoints`, {
    'target-directory': order.folder ?? null,
    'cancel-job': false,
    formatType: order.type,
    triggerId: null,
  });
  if (order.detached) return detach(session, job.id, operation);
  session.tell(`Triggering savepoint for job ${job.id}.`);
  const { location } = await session.outcome(operation);
  session.print(`Savepoint completed. Path: ${String(location)}`, { jobId: job.id, location });
  session.tell('You can resume your program from this savepoint with the run command.');
}

/** Rejects as {@link namedJob}; MR3007 if it does not complete. */
export async function takeCheckpoint(
  session: ClientSession,
  word: string,
  order: { readonly type: string; readonly detached: boolean },
): Promise<void> {
  const { id, name } = await namedJob(session.client, word);
  const path = `/jobs/${id}/checkpoints`;
  const operation: AwaitedOperation = {
    called: 'checkpoint',
    path,
    body: { checkpointType: order.type, triggerId: null },
    checkpoints: path,
    failure: { code: 'MR3007', what: `There is no checkpoint of job ${id} (${name}).` },
  };
  if (order.detached) return detach(session, id, operation);
  session.tell(`Triggering checkpoint for job ${id}.`);
  const { checkpointId } = await session.outcome(operation);
  const asked = order.type === 'CONFIGURED' ? '' : `(${order.type})`;
  session.print(`Checkpoint${asked} ${String(checkpointId)} for job ${id} completed.`, {
    jobId: id,
    checkpointId,
  });
}

/** The cluster removes it, which does so in its own folders only. */
export async function disposeSavepoint(session: ClientSession, path: string): Promise<void> {
  session.tell(`Disposing savepoint '${path}'.`);
  await session.outcome({
    called: 'removal',
    path: '/savepoint-disposal',
    body: { 'savepoint-path': path },
    failure: { code: 'MR7005', what: `The savepoint '${path}' is not removed.` },
  });
  session.print(`Savepoint '${path}' disposed.`, { path });
}

async function detach(session: ClientSession, jobId: string, operation: AwaitedOperation): Promise<void> {
  const { called } = operation;
  session.tell(`Triggering ${called} in detached mode for job ${jobId}.`);
  const triggerId = await session.client.trigger(operation);
  session.print(`Successfully trigger manual ${called}, triggerId: ${triggerId}`, { jobId, triggerId });
}
