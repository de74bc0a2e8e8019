import { invariant } from '../../../core/internal.js';
import type { V8HeapLimits } from '../../../memory/index.js';
import { withDeadline } from '../deadline.js';
import { LOADING_MS } from '../threads/native-loads.js';
import { TaskThread, type TaskThreadKind } from './task-thread.js';
import { TaskThreadPool } from './task-thread-pool.js';

/** Most of what ends by itself has ended by then, and what runs longer is worth the cores that it takes. */
const WARM_AFTER_MS = 1000;

/**
 * The threads for the tasks of one job: some serve what runs of it, and meanwhile spare ones are warmed for what is
 * restarted next, be it all tasks or those of a region.
 *
 * Invariants: a thread is handed out once; of each heap there are at most as many spare ones as the job has tasks with
 * it; after `close` resolved no thread runs that was given back, and none is started.
 */
export class TaskThreads {
  readonly #kind: Omit<TaskThreadKind, 'heap'>;
  readonly #heaps: readonly V8HeapLimits[];
  readonly #leaving = new Set<Promise<void>>();
  /** By heap. */
  readonly #spares = new Map<string, TaskThread[]>();
  #warming: NodeJS.Timeout | undefined;
  #closed = false;

  /** `heaps`: that of each task. */
  constructor(kind: Omit<TaskThreadKind, 'heap'>, heaps: readonly V8HeapLimits[]) {
    this.#kind = kind;
    this.#heaps = heaps;
  }

  /** Threads for tasks with these heaps, in their order: the spare ones as far as there are any. */
  take(heaps: readonly V8HeapLimits[]): TaskThreadPool {
    invariant(!this.#closed, 'no thread is taken of a job that has ended');
    clearTimeout(this.#warming);
    return new TaskThreadPool(heaps.map((heap) => this.#sparesOf(heap).shift() ?? this.#start(heap)));
  }

  /** Warms threads for what comes next; resolves when they are warm, or should be. Nothing once it is closed. */
  async warm(): Promise<void> {
    clearTimeout(this.#warming);
    if (this.#closed) return;
    for (const heap of this.#heaps) {
      const alike = this.#heaps.filter((other) => keyOf(other) === keyOf(heap)).length;
      const spares = this.#sparesOf(heap);
      while (spares.length < alike) spares.push(this.#start(heap));
    }
    const warm = Promise.all([...this.#spares.values()].flat().map(({ loaded }) => loaded));
    await withDeadline<unknown>(LOADING_MS, (deadline) => Promise.race([warm, deadline]));
  }

  #start(heap: V8HeapLimits): TaskThread {
    return new TaskThread({ ...this.#kind, heap });
  }

  #sparesOf(heap: V8HeapLimits): TaskThread[] {
    const spares = this.#spares.get(keyOf(heap)) ?? [];
    this.#spares.set(keyOf(heap), spares);
    return spares;
  }

  /** Warms them later: a job that ends soon needs none, and one that begins needs the cores. */
  warmSoon(): void {
    clearTimeout(this.#warming);
    if (this.#closed) return;
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
    for (const spare of [...this.#spares.values()].flat()) this.giveBack(spare);
    this.#spares.clear();
    await Promise.all(this.#leaving);
  }
}

function keyOf({ maxOldGenerationSizeMb, maxYoungGenerationSizeMb }: V8HeapLimits): string {
  return `${maxOldGenerationSizeMb}/${maxYoungGenerationSizeMb}`;
}
