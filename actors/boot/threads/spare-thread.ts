import type { Worker } from 'node:worker_threads';
import type { V8HeapLimits } from '../../../memory/index.js';
import { endTree } from './native-loads.js';
import { spawnThread } from './spawn-thread.js';

/**
 * Threads of one kind, of which one can be started before it is asked for, so that it loads its modules while
 * its starter does something else. A spare thread does not keep the process alive.
 *
 * Invariants: a thread is handed out once, and only with the heap that is asked for; at most one spare exists;
 * one that has ended is not handed out.
 */
export class SpareThread {
  readonly #entry: URL;
  #spare: Worker | undefined;
  #heap: V8HeapLimits | undefined;

  constructor(entry: URL) {
    this.#entry = entry;
  }

  warm(heap: V8HeapLimits): void {
    if (this.#spare !== undefined) return;
    const spare = spawnThread(this.#entry, heap);
    this.#heap = heap;
    spare.unref();
    const forget = (): void => {
      if (this.#spare === spare) this.#spare = undefined;
    };
    // What was wrong shows again where the thread is needed, and there somebody is told.
    spare.once('error', forget);
    spare.once('exit', forget);
    this.#spare = spare;
  }

  take(heap: V8HeapLimits): Worker {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare === undefined) return spawnThread(this.#entry, heap);
    if (!isSameHeap(heap, this.#heap)) {
      // It has done nothing yet, and whoever asks does not wait for its end.
      void endTree(spare);
      return spawnThread(this.#entry, heap);
    }
    spare.ref();
    return spare;
  }
}

function isSameHeap(one: V8HeapLimits, other: V8HeapLimits | undefined): boolean {
  return (
    one.maxOldGenerationSizeMb === other?.maxOldGenerationSizeMb &&
    one.maxYoungGenerationSizeMb === other.maxYoungGenerationSizeMb
  );
}
