import { MillraceError } from '../../../core/internal.js';
import type { TaskContract } from '../task-contract.js';
import type { TaskThread } from './task-thread.js';

/**
 * The threads of one region of a job, in one attempt: one for each of its tasks.
 *
 * Invariants: no more tasks are started than there are threads, so that none queues silently; a thread that
 * ended is not replaced, since its attempt ends with it; after `destroy` resolved no thread of the pool runs.
 */
export class TaskThreadPool {
  readonly #threads: readonly TaskThread[];
  #started = 0;

  constructor(threads: readonly TaskThread[]) {
    this.#threads = threads;
  }

  /** On a thread of its own, as {@link TaskThread.run}. */
  async run(contract: TaskContract, signal: AbortSignal): Promise<void> {
    const thread = this.#threads[this.#started++];
    if (thread === undefined)
      throw new MillraceError('MR9001', `The pool has ${this.#threads.length} threads and all are taken.`);
    await thread.run(contract, signal);
  }

  /** Settles when each of the threads has loaded the engine, or has ended. */
  get loaded(): Promise<unknown> {
    return Promise.all(this.#threads.map(({ loaded }) => loaded));
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.destroy()));
  }
}
