import type { Worker } from 'node:worker_threads';
import { spawnThread } from './spawn-thread.js';

/**
 * Threads of one kind, of which one can be started before it is asked for, so that it loads its modules while
 * its starter does something else. A spare thread does not keep the process alive.
 *
 * Invariants: a thread is handed out once; at most one spare exists; one that has ended is not handed out.
 */
export class SpareThread {
  readonly #entry: URL;
  #spare: Worker | undefined;

  constructor(entry: URL) {
    this.#entry = entry;
  }

  warm(): void {
    if (this.#spare !== undefined) return;
    const spare = spawnThread(this.#entry, {});
    spare.unref();
    const forget = (): void => {
      if (this.#spare === spare) this.#spare = undefined;
    };
    // What was wrong shows again where the thread is needed, and there somebody is told.
    spare.once('error', forget);
    spare.once('exit', forget);
    this.#spare = spare;
  }

  take(): Worker {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare === undefined) return spawnThread(this.#entry, {});
    spare.ref();
    return spare;
  }
}
