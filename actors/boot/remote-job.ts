import { MillraceError } from '../../core/internal.js';
import { ClusterClient } from '../cli/cluster-client.js';
import type { RemoteRequest, RunRemotely } from '../cli/remote-run.js';

/** Between two looks at how the job stands. */
const LOOK_EVERY_MS = 500;

const ENDED: ReadonlySet<string> = new Set(['FINISHED', 'FAILED', 'CANCELED', 'SUSPENDED']);

/** Submits a job to a cluster by its REST interface, and waits for its end if that is wanted. */
export const runRemotely: RunRemotely = async (request, listener) => {
  const server = new ClusterClient(request.target, request.configuration);
  const { jobid } = await server.ask(
    'POST',
    `/jars/${encodeURIComponent(request.file)}/run`,
    bodyOf(request),
  );
  if (typeof jobid !== 'string')
    throw new MillraceError(
      'MR7005',
      `The cluster at ${request.target} does not say which job it has started.`,
    );
  listener.onSubmitted(jobid);
  if (request.detached) return { jobId: jobid, state: undefined, cause: undefined };
  for (;;) {
    const { state } = await server.ask('GET', `/jobs/${jobid}`);
    listener.onState(String(state));
    if (ENDED.has(String(state))) {
      const cause = state === 'FINISHED' ? undefined : await causeOf(server, jobid);
      return { jobId: jobid, state: String(state), cause };
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
};

function bodyOf(request: RemoteRequest) {
  return {
    programArgsList: request.words,
    flinkConfiguration: request.definitions,
    allowNonRestoredState: request.allowNonRestoredState,
    start: request.start,
    ...(request.jobName === undefined ? {} : { jobName: request.jobName }),
    ...(request.fromSavepoint === undefined ? {} : { savepointPath: request.fromSavepoint }),
  };
}

/** Undefined where the cluster does not tell. */
async function causeOf(server: ClusterClient, jobId: string): Promise<string | undefined> {
  const answer = await server.ask('GET', `/jobs/${jobId}/exceptions`);
  const root = answer['root-exception'];
  return typeof root === 'string' ? root.split('\n')[0] : undefined;
}
