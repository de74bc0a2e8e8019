import type { AsynchronousOperation, ResourceRequirements, Triggered } from '../model/flink-json.js';
import { after } from './page-state.js';
import type { RestClient } from './rest-client.js';

/** What a person can tell a job to do. Each resolves to its outcome in a sentence, and rejects with why not. */
export class JobOperations {
  readonly #rest: RestClient;
  readonly #job: string;

  constructor(rest: RestClient, jobId: string) {
    this.#rest = rest;
    this.#job = `jobs/${encodeURIComponent(jobId)}`;
  }

  async cancel(): Promise<string> {
    await this.#rest.send('PATCH', `${this.#job}?mode=cancel`);
    return 'The job is told to end.';
  }

  /** `folder` empty: the configured one. */
  async stop(folder: string, drain: boolean): Promise<string> {
    const path = await this.#await(`${this.#job}/stop`, `${this.#job}/savepoints`, {
      ...targetOf('targetDirectory', folder),
      drain,
    });
    return `The job has stopped. Its savepoint: ${path.location ?? 'unknown'}`;
  }

  async savepoint(folder: string): Promise<string> {
    const path = `${this.#job}/savepoints`;
    const made = await this.#await(path, path, {
      ...targetOf('target-directory', folder),
      'cancel-job': false,
    });
    return `Savepoint completed: ${made.location ?? 'unknown'}`;
  }

  async checkpoint(type: 'CONFIGURED' | 'FULL' | 'INCREMENTAL'): Promise<string> {
    const path = `${this.#job}/checkpoints`;
    const made = await this.#await(path, path, { checkpointType: type });
    return `Checkpoint ${made.checkpointId ?? ''} completed.`;
  }

  async requirements(signal: AbortSignal): Promise<ResourceRequirements> {
    return this.#rest.get(`${this.#job}/resource-requirements`, signal);
  }

  async rescale(requirements: ResourceRequirements): Promise<string> {
    await this.#rest.send('PUT', `${this.#job}/resource-requirements`, requirements);
    return 'The new parallelism is asked for; the job goes on from a checkpoint with it.';
  }

  async #await(
    path: string,
    pollPath: string,
    body: unknown,
  ): Promise<NonNullable<AsynchronousOperation['operation']>> {
    const triggered = await this.#rest.send<Triggered>('POST', path, body);
    const poll = `${pollPath}/${triggered?.['request-id'] ?? ''}`;
    const { signal } = new AbortController();
    for (let waitMs = 100; ; waitMs = Math.min(2000, waitMs * 2)) {
      const answer = await this.#rest.get<AsynchronousOperation>(poll, signal);
      const cause = answer.operation?.['failure-cause'] ?? answer.operation?.failureCause;
      if (cause !== undefined && cause !== null) {
        throw new Error(cause['stack-trace']?.split('\n')[0] ?? cause.class ?? 'It failed without a reason.');
      }
      if (answer.status.id === 'COMPLETED') return answer.operation ?? {};
      await pause(waitMs);
    }
  }
}

function targetOf(name: string, folder: string): Readonly<Record<string, string>> {
  return folder.trim() === '' ? {} : { [name]: folder.trim() };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    after(ms, resolve);
  });
}
