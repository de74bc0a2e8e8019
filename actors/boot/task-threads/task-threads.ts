import type { V8HeapLimits } from '../../../memory/index.js';
import { TaskThreadPool } from './task-thread-pool.js';

/**
 * Pools of task threads: one serves the running attempt, and while it runs a spare one is warmed for the
 * next, with the same heap class.
 *
 * Invariants: a pool is handed out once; at most one spare exists.
 */
export class TaskThreads {
  #spare: TaskThreadPool | undefined;

  /** Threads for an attempt: the spare ones if they fit. */
  take(limits: V8HeapLimits, threads: number): TaskThreadPool {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined && fits(spare, limits, threads)) return spare;
    if (spare !== undefined) void spare.destroy();
    return new TaskThreadPool(limits, threads);
  }

  /** Warms threads for the attempt that would follow. */
  warm(limits: V8HeapLimits, threads: number): void {
    if (this.#spare === undefined) this.#spare = new TaskThreadPool(limits, threads);
  }

  async close(): Promise<void> {
    const spare = this.#spare;
    this.#spare = undefined;
    await spare?.destroy();
  }
}

function fits(pool: TaskThreadPool, limits: V8HeapLimits, threads: number): boolean {
  return (
    pool.threads >= threads &&
    pool.limits.maxOldGenerationSizeMb === limits.maxOldGenerationSizeMb &&
    pool.limits.maxYoungGenerationSizeMb === limits.maxYoungGenerationSizeMb
  );
}
