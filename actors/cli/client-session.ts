import { isMillraceError } from '../../core/internal.js';
import type { CliContext } from './cli-command.js';
import { type ClusterClient, type Fields, isFields, listOf, type Operation } from './cluster-client.js';
import { ProgressLine } from './progress-line.js';

/** Between two questions of how far a savepoint is. */
const PROGRESS_EVERY_MS = 400;
const BYTES_PER_MB = 1_000_000;

/** A trigger, and what a person calls it. */
export interface AwaitedOperation extends Operation {
  /** `savepoint`, for the sentence that it goes on without whoever has stopped waiting. */
  readonly called: string;
  /** Path of the checkpoints of the job, which tell how far it is; undefined: it is none of them. */
  readonly checkpoints?: string;
}

/**
 * One command's talk with a cluster: its result on stdout, what it is doing on stderr, where a terminal also has a line
 * that tells how far it is.
 *
 * Invariant: `underWay` names an operation from its trigger on until its outcome is known, or the cluster has lost it.
 */
export class ClientSession {
  readonly client: ClusterClient;
  /** The result is one JSON document. */
  readonly json: boolean;
  readonly #context: CliContext;
  readonly #progress: ProgressLine;
  #underWay: string | undefined;

  constructor(context: CliContext, client: ClusterClient, json: boolean) {
    this.#context = context;
    this.client = client;
    this.json = json;
    this.#progress = new ProgressLine(context.stderr);
  }

  /** What goes on at the cluster although nobody waits for it here, in a sentence. */
  get underWay(): string | undefined {
    return this.#underWay;
  }

  tell(line: string): void {
    this.#progress.clear();
    this.#context.stderr.write(`${line}\n`);
  }

  /** The result: as lines for people, or as one document for programs. */
  print(lines: string, document: unknown): void {
    this.#progress.clear();
    this.#context.stdout.write(`${this.json ? JSON.stringify(document) : lines}\n`);
  }

  /** Triggers it and waits for its outcome. Rejects as {@link ClusterClient.outcome}. */
  async outcome(operation: AwaitedOperation): Promise<Fields> {
    const { client } = this;
    const id = await client.trigger(operation);
    const { called, path, outcomes = path } = operation;
    this.#underWay = `The ${called} goes on; http://${client.target}/v1${outcomes}/${id} tells its outcome.`;
    this.tell('Waiting for response...');
    const startMs = Date.now();
    let shownMs = 0;
    try {
      const outcome = await client.outcome(operation, id, async () => {
        if (this.#context.stderr.isTTY !== true || Date.now() - shownMs < PROGRESS_EVERY_MS) return;
        shownMs = Date.now();
        const facts = await this.#facts(operation);
        const parts = [called, ...facts, `${((shownMs - startMs) / 1000).toFixed(1)} s`];
        this.#progress.show(parts.join(' | '));
      });
      this.#underWay = undefined;
      return outcome;
    } catch (error) {
      if (!isMillraceError(error) || error.code !== 'MR7004') this.#underWay = undefined;
      throw error;
    } finally {
      this.#progress.clear();
    }
  }

  /** How far the newest checkpoint is that is being taken. */
  async #facts({ checkpoints }: AwaitedOperation): Promise<readonly string[]> {
    if (checkpoints === undefined) return [];
    let history: readonly Fields[];
    try {
      history = listOf((await this.client.ask('GET', checkpoints)).history);
    } catch {
      // Only the picture of it is missing; whether the cluster answers, the next look tells.
      return [];
    }
    const [taken] = history.filter(({ status }) => status === 'IN_PROGRESS');
    if (!isFields(taken)) return [];
    const bytes = Number(taken.state_size);
    return [
      `${String(taken.num_acknowledged_subtasks)} of ${String(taken.num_subtasks)} tasks`,
      ...(bytes > 0 ? [`${(bytes / BYTES_PER_MB).toFixed(1)} MB`] : []),
    ];
  }
}
