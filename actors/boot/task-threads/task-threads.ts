import type { V8HeapLimits } from '../../../memory/index.js';
import { TaskThreadPool } from './task-thread-pool.js';

const WARM_AFTER_MS = 200;

/**
 * Pools of task threads: one serves the running attempt, and while it runs a spare one is warmed for the
 * next, with the same heap class.
 *
 * Invariants: a pool is handed out once; at most one spare exists or is about to; after `close` resolved no
 * thread of any pool runs that was given back, and none is started.
 */
export class TaskThreads {
  readonly #leaving = new Set<Promise<void>>();
  #spare: TaskThreadPool | undefined;
  #warming: NodeJS.Timeout | undefined;
  #closed = false;

  /** Threads for an attempt: the spare ones if they fit. */
  take(limits: V8HeapLimits, threads: number): TaskThreadPool {
    clearTimeout(this.#warming);
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined && fits(spare, limits, threads)) return spare;
    if (spare !== undefined) this.giveBack(spare);
    return new TaskThreadPool(limits, threads);
  }

  /** Warms threads for the attempt that comes next. */
  warm(limits: V8HeapLimits, threads: number): void {
    clearTimeout(this.#warming);
    if (this.#spare === undefined && !this.#closed) this.#spare = new TaskThreadPool(limits, threads);
  }

  /** Warms them a little later: a job that ends at once needs none, and one that begins needs the cores. */
  warmSoon(limits: V8HeapLimits, threads: number): void {
    clearTimeout(this.#warming);
    this.#warming = setTimeout(() => this.warm(limits, threads), WARM_AFTER_MS);
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

function fits(pool: TaskThreadPool, limits: V8HeapLimits, threads: number): boolean {
  return (
    pool.threads >= threads &&
    pool.limits.maxOldGenerationSizeMb === limits.maxOldGenerationSizeMb &&
    pool.limits.maxYoungGenerationSizeMb === limits.maxYoungGenerationSizeMb
  );
}
