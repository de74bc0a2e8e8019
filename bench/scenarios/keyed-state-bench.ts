import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { turnOfLoop } from '../../actors/boot/doorbell-turns.js';
import type { KeyedStateHandle } from '../../core/checkpoint/snapshot-handle.js';
import type { KeyedSnapshot, KeyedStateBackend } from '../../core/ports/keyed-state-store.js';
import { KeyedStateAccess } from '../../core/state/keyed-state-access.js';
import { ThreadCodecFactory } from '../../memory/codec-factory.js';
import { ObjectSnapshotWriter } from '../../storage/checkpoint/object-snapshot-writer.js';
import { ObjectStateFileReader } from '../../storage/checkpoint/object-state-file-reader.js';
import { LocalFileSystem } from '../../storage/file-system/local-file-system.js';
import { FileObjectStore } from '../../storage/object-store/file-object-store.js';
import { HeapStateBackend } from '../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../storage/state/lmdb-state-backend.js';

const MAX_PARALLELISM = 128;
const EVERY_KEY_GROUP = { start: 0, end: MAX_PARALLELISM - 1 };

export type BenchBackend = 'lmdb' | 'heap';

/** Keyed state, with checkpoints into real files, on the thread of the benchmark. */
export class KeyedStateBench {
  #access: KeyedStateAccess | undefined;
  readonly #folder: string;
  readonly #backend: BenchBackend;
  readonly #objects: FileObjectStore;
  #attempt = 1;
  #checkpointId = 0;
  #writing: Promise<void> | undefined;
  #failure: unknown;
  /** Completed checkpoints, and the bytes of their own files. */
  checkpoints = 0;
  writtenBytes = 0;
  /** Of the last completed checkpoint. */
  handle: KeyedStateHandle | undefined;

  private constructor(folder: string, backend: BenchBackend) {
    this.#folder = folder;
    this.#backend = backend;
    this.#objects = new FileObjectStore(new LocalFileSystem(), join(folder, 'checkpoints'), 'bench');
  }

  static async open(managedBytes: number, backend: BenchBackend = 'lmdb'): Promise<KeyedStateBench> {
    const bench = new KeyedStateBench(mkdtempSync(join(tmpdir(), 'millrace-bench-')), backend);
    await bench.#open(managedBytes);
    return bench;
  }

  get access(): KeyedStateAccess {
    if (this.#access === undefined) throw new Error('it is open');
    return this.#access;
  }

  /** Goes on with another store, from the last completed checkpoint. `declare` asks for what may have changed. */
  async restore(managedBytes: number, declare?: (access: KeyedStateAccess) => void): Promise<void> {
    await this.written();
    await this.access.store.close();
    this.#attempt++;
    await this.#open(managedBytes, declare);
  }

  async #open(managedBytes: number, declare?: (access: KeyedStateAccess) => void): Promise<void> {
    const store = await this.#opened().open({
      operatorUid: 'count',
      subtaskIndex: 0,
      attempt: this.#attempt,
      keyGroups: EVERY_KEY_GROUP,
      managedBytes,
      restore: this.handle,
      reader: new ObjectStateFileReader(this.#objects),
    });
    this.#access = new KeyedStateAccess(store, new ThreadCodecFactory(), MAX_PARALLELISM);
    declare?.(this.#access);
    await store.restore();
  }

  #opened(): KeyedStateBackend {
    if (this.#backend === 'heap') return new HeapStateBackend();
    const writer = new InThreadStateWriter();
    return new LmdbStateBackend(join(this.#folder, 'lmdb'), () => writer.connect());
  }

  get isWriting(): boolean {
    return this.#writing !== undefined;
  }

  /** The barrier: freezes the state, and begins to write it. */
  checkpoint(): void {
    const id = ++this.#checkpointId;
    const snapshot = this.access.store.snapshot(id);
    this.#writing = this.#write(id, snapshot);
  }

  /** Resolves when the checkpoint that is being written is complete. */
  async written(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    await this.written();
    await this.access.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #write(checkpointId: number, snapshot: KeyedSnapshot): Promise<void> {
    try {
      const scope = { checkpointId, epoch: 1, attempt: this.#attempt, owner: 'count-0' };
      const handle = await snapshot.write(new ObjectSnapshotWriter(this.#objects, scope, turnOfLoop));
      this.access.store.notifyCheckpointComplete(checkpointId);
      this.checkpoints++;
      this.handle = handle;
      this.writtenBytes += handle.files.at(-1)?.sizeBytes ?? 0;
    } catch (error) {
      this.#failure = error;
    } finally {
      snapshot.discard();
      this.#writing = undefined;
    }
  }
}

/**
 * Keys drawn evenly, the same on every run (xorshift32). Of integers of 31 bits, whose remainder is an instruction:
 * that of larger numbers is a loop in the processor, longer than what is measured.
 */
export class KeySequence {
  #state = 88_172_645;
  readonly #bound: number = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 1) % this.#bound;
  }
}
