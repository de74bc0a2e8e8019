import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkOptionNames,
  environmentLayer,
  type KeyedStateBackend,
  MillraceError,
  parseMemoryBytes,
  type RawValue,
  resolveOptions,
} from '../../core/internal.js';
import {
  HeapStateBackend,
  InThreadStateWriter,
  LmdbStateBackend,
  type ObjectStore,
} from '../../storage/index.js';
import { checkpointsAt, s3Settings, storeAt } from './object-stores.js';

/** How savepoints are read and written outside of a job. */
export interface SavepointOptions {
  /** Where keyed state lies meanwhile: `'lmdb'` (beyond memory, the default) or `'heap'`. */
  readonly stateBackend?: 'lmdb' | 'heap';
  /** Memory that `'lmdb'` takes, `'64 mb'` by default. */
  readonly managedMemory?: string;
  /** Configuration keys: of `s3.endpoint` and the like. Those of the environment count too. */
  readonly configuration?: Readonly<Record<string, RawValue>>;
}

const OPTIONS: readonly string[] = ['stateBackend', 'managedMemory', 'configuration'];

/** What reading and writing savepoints has instead of a cluster. On the thread of who asks. */
export class OfflineState {
  readonly managedBytes: number;
  readonly #storeAt: (folder: string) => ObjectStore;
  readonly #onHeap: boolean;

  /** @throws MillraceError MR1001 for options that there are not, MR4001 or MR4002 for configuration that is none */
  constructor(options: SavepointOptions, method: string) {
    checkOptionNames(options, OPTIONS, method);
    const { stateBackend = 'lmdb', managedMemory = '64 mb', configuration = {} } = options;
    if (stateBackend !== 'lmdb' && stateBackend !== 'heap') {
      throw new MillraceError('MR1001', `There is no state backend '${String(stateBackend)}'.`, {
        hint: "Use 'lmdb' or 'heap'.",
      });
    }
    this.#onHeap = stateBackend === 'heap';
    this.managedBytes = Number(parseMemoryBytes(managedMemory));
    const { layer } = environmentLayer(process.env);
    const s3 = s3Settings(resolveOptions([{ origin: 'flag', values: configuration }, layer]));
    this.#storeAt = (folder) => storeAt(folder, s3, `processor-${process.pid}`);
  }

  /** The store of a path as a person wrote it, or of a folder. */
  storeAt(path: string): ObjectStore {
    return this.#storeAt(checkpointsAt(path));
  }

  /** Lends a backend, whose working copies are gone when this settles. */
  async *withBackend<T>(work: (backend: KeyedStateBackend) => AsyncIterable<T>): AsyncIterable<T> {
    if (this.#onHeap) {
      yield* work(new HeapStateBackend());
      return;
    }
    const folder = await mkdtemp(join(tmpdir(), 'millrace-processor-'));
    try {
      const writer = new InThreadStateWriter();
      yield* work(new LmdbStateBackend(folder, () => writer.connect()));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
