import { TaskThread, type TaskThreadKind } from './task-thread.js';
import { TaskThreadPool } from './task-thread-pool.js';

const WARM_AFTER_MS = 200;

/**
 * The threads for the tasks of one job: some serve what runs of it, and meanwhile spare ones are warmed for what is
 * restarted next, be it all tasks or those of a region.
 *
 * Invariants: a thread is handed out once; there are at most as many spare ones as the job has tasks; after `close`
 * resolved no thread runs that was given back, and none is started.
 */
export class TaskThreads {
  readonly #kind: TaskThreadKind;
  readonly #threads: number;
  readonly #leaving = new Set<Promise<void>>();
  #spares: TaskThread[] = [];
  #warming: NodeJS.Timeout | undefined;
  #closed = false;

  /** `threads`: what an attempt takes at most. */
  constructor(kind: TaskThreadKind, threads: number) {
    this.#kind = kind;
    this.#threads = threads;
  }

  /** Threads for so many tasks: the spare ones as far as there are any. */
  take(threads: number): TaskThreadPool {
    clearTimeout(this.#warming);
    const taken = this.#spares.splice(0, threads);
    while (taken.length < threads) taken.push(new TaskThread(this.#kind));
    return new TaskThreadPool(taken);
  }

  /** Warms threads for what comes next; resolves when they are warm. */
  async warm(): Promise<void> {
    clearTimeout(this.#warming);
    if (this.#closed) return;
    while (this.#spares.length < this.#threads) this.#spares.push(new TaskThread(this.#kind));
    await Promise.all(this.#spares.map(({ loaded }) => loaded));
  }

  /** Warms them a little later: a job that ends at once needs none, and one that begins needs the cores. */
  warmSoon(): void {
    clearTimeout(this.#warming);
    this.#warming = setTimeout(() => void this.warm(), WARM_AFTER_MS);
  }

  /** Ends the threads of a pool in which no task runs any more. `close` waits for them, nobody else has to. */
  giveBack(pool: Pick<TaskThreadPool, 'destroy'>): void {
    const gone = pool.destroy().finally(() => this.#leaving.delete(gone));
    this.#leaving.add(gone);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#warming);
    for (const spare of this.#spares.splice(0)) this.giveBack(spare);
    await Promise.all(this.#leaving);
  }
}
