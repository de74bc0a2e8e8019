import { MillraceError, type ResolvedOptions } from '../../core/internal.js';
import type { RemoteRequest, RunRemotely } from '../cli/remote-run.js';

/** Between two looks at how the job stands. */
const LOOK_EVERY_MS = 500;
const ANSWER_MS = 30_000;

const ENDED: ReadonlySet<string> = new Set(['FINISHED', 'FAILED', 'CANCELED', 'SUSPENDED']);

/** Submits a job to a cluster by its REST interface, and waits for its end if that is wanted. */
export const runRemotely: RunRemotely = async (request, listener) => {
  const server = new RemoteCluster(request.target, request.configuration);
  const { jobid } = await server.ask(
    'POST',
    `/jars/${encodeURIComponent(request.file)}/run`,
    bodyOf(request),
  );
  if (typeof jobid !== 'string') throw noCluster(request.target, 'its answer names no job');
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
async function causeOf(server: RemoteCluster, jobId: string): Promise<string | undefined> {
  const answer = await server.ask('GET', `/jobs/${jobId}/exceptions`);
  const root = answer['root-exception'];
  return typeof root === 'string' ? root.split('\n')[0] : undefined;
}

/** The REST interface of a cluster, as a client sees it. */
class RemoteCluster {
  readonly #target: string;
  readonly #base: string;
  readonly #headers: Record<string, string>;

  constructor(target: string, { values }: ResolvedOptions) {
    this.#target = target;
    this.#base = `http://${target}`;
    const token = values['rest.token'];
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Rejects with MR7004 if no cluster answers, MR7005 with what it says. */
  async ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Record<string, unknown>> {
    let response: Response;
    try {
      response = await fetch(`${this.#base}/v1${path}`, {
        method,
        headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        signal: AbortSignal.timeout(ANSWER_MS),
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw noCluster(this.#target, reasonOf(error), error);
    }
    const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
    if (response.ok) return answer;
    const errors = Array.isArray(answer.errors) ? answer.errors.map(String).join('; ') : response.statusText;
    throw new MillraceError('MR7005', `The cluster at ${this.#target} refused the request.`, { why: errors });
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? cause.message : String(error);
}

function noCluster(target: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError('MR7004', `No cluster answers at ${target}.`, {
    why,
    hint: `Start one with millrace cluster start, or name another with -m host:port.`,
    cause,
  });
}
