import { type TaskThreadKind, TaskThreadPool } from './task-thread-pool.js';

const WARM_AFTER_MS = 200;

/**
 * Pools of threads for the tasks of one job: one serves the running attempt, and while it runs a spare one is
 * warmed for the next.
 *
 * Invariants: a pool is handed out once; at most one spare exists or is about to; after `close` resolved no
 * thread of any pool runs that was given back, and none is started.
 */
export class TaskThreads {
  readonly #kind: TaskThreadKind;
  readonly #threads: number;
  readonly #leaving = new Set<Promise<void>>();
  #spare: TaskThreadPool | undefined;
  #warming: NodeJS.Timeout | undefined;
  #closed = false;

  /** `threads`: what an attempt takes at most. */
  constructor(kind: TaskThreadKind, threads: number) {
    this.#kind = kind;
    this.#threads = threads;
  }

  /** Threads for an attempt: the spare ones if there are any. */
  take(threads: number): TaskThreadPool {
    clearTimeout(this.#warming);
    const spare = this.#spare;
    this.#spare = undefined;
    return spare ?? new TaskThreadPool(this.#kind, threads);
  }

  /** Warms threads for the attempt that comes next; resolves when they are warm. */
  async warm(): Promise<void> {
    clearTimeout(this.#warming);
    if (this.#closed) return;
    this.#spare ??= new TaskThreadPool(this.#kind, this.#threads);
    await this.#spare.loaded;
  }

  /** Warms them a little later: a job that ends at once needs none, and one that begins needs the cores. */
  warmSoon(): void {
    clearTimeout(this.#warming);
    this.#warming = setTimeout(() => void this.warm(), WARM_AFTER_MS);
  }

  /** Ends the threads of a pool in which no task runs any more. `close` waits for them, nobody else has to. */
  giveBack(pool: TaskThreadPool): void {
    const gone = pool.destroy().finally(() => this.#leaving.delete(gone));
    this.#leaving.add(gone);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#warming);
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined) this.giveBack(spare);
    await Promise.all(this.#leaving);
  }
}
