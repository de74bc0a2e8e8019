import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyedStateBackend, KeyedStateStore } from '../../core/internal.js';
import { HeapStateBackend, LmdbStateBackend } from '../../storage/index.js';
import { InThreadStateWriter } from '../../storage/state/in-thread-state-writer.js';
import { farStateBackend } from './far-state.js';

export type StateBackendName = 'heap' | 'lmdb';

let worlds = 0;

/**
 * The keyed state of a world. LMDB is the real one, called synchronously, in a folder of the real disk: it is
 * a working copy that nobody reads again after a crash, so it takes no part in the faults of the simulated
 * disk. State that fits into managed memory never gets there.
 *
 * Invariant: after `close` nothing of it is left on the disk.
 */
export class SimulatedState {
  readonly #name: StateBackendName;
  readonly #isFar: boolean;
  readonly #writer = new InThreadStateWriter();
  readonly #folder = join(tmpdir(), `millrace-world-${process.pid}-${++worlds}`);
  readonly #stores: KeyedStateStore[] = [];

  constructor(options: { readonly stateBackend: StateBackendName; readonly farState: boolean }) {
    this.#name = options.stateBackend;
    this.#isFar = options.farState;
  }

  /** Of the tasks of one process, whose attempts have numbers of their own. */
  backendOf(process: string): KeyedStateBackend {
    const backend = this.#nearBackendOf(process);
    return this.#isFar ? farStateBackend(backend) : backend;
  }

  #nearBackendOf(process: string): KeyedStateBackend {
    if (this.#name === 'heap') return new HeapStateBackend();
    const backend = new LmdbStateBackend(join(this.#folder, process), () => this.#writer.connect());
    return {
      name: backend.name,
      open: async (request) => {
        const store = await backend.open(request);
        this.#stores.push(store);
        return store;
      },
    };
  }

  async close(): Promise<void> {
    for (const store of this.#stores) await store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
