import type {
  CheckpointManifest,
  CheckpointStorage,
  SnapshotWriter,
  StateFileHandle,
} from '../../core/internal.js';
import { decodeManifest, encodeManifest, filesOfManifest } from '../../storage/checkpoint/manifest-codec.js';
import { MemoryObjectStore, ObjectSnapshotWriter, ObjectStateFileReader } from '../../storage/index.js';

/** A checkpoint as bytes: its manifest, and each state file that it names. */
export interface StoredCheckpoint {
  readonly manifest: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * The checkpoints of one pipeline, in memory. Nothing is ever removed: the pipeline goes with all of them.
 *
 * Invariant: what was completed stays readable.
 */
export class HarnessCheckpoints implements CheckpointStorage {
  readonly epoch: number;
  readonly store = new MemoryObjectStore();
  readonly #reader = new ObjectStateFileReader(this.store);
  readonly #completed = new Map<number, CheckpointManifest>();
  readonly #savepoints = new Map<string, CheckpointManifest>();

  private constructor(epoch: number) {
    this.epoch = epoch;
  }

  static empty(): HarnessCheckpoints {
    return new HarnessCheckpoints(1);
  }

  /** Of a pipeline that goes on from a checkpoint of another one. */
  static async from({
    manifest: bytes,
    files,
  }: StoredCheckpoint): Promise<{ checkpoints: HarnessCheckpoints; manifest: CheckpointManifest }> {
    const manifest = decodeManifest(bytes, 'the snapshot of a harness');
    const checkpoints = new HarnessCheckpoints(manifest.epoch + 1);
    for (const [key, content] of files) await checkpoints.store.put(key, once(content));
    return { checkpoints, manifest };
  }

  read(handle: StateFileHandle): AsyncIterable<Uint8Array> {
    return this.#reader.read(handle);
  }

  writerFor(checkpointId: number, attempt: number, owner: string): SnapshotWriter {
    return new ObjectSnapshotWriter(this.store, { checkpointId, epoch: this.epoch, attempt, owner });
  }

  async complete(manifest: CheckpointManifest): Promise<undefined> {
    this.#completed.set(manifest.checkpointId, manifest);
  }

  async resolveUnknown(checkpointId: number): Promise<boolean> {
    return this.#completed.has(checkpointId);
  }

  async latest(): Promise<CheckpointManifest | undefined> {
    return [...this.#completed.values()].at(-1);
  }

  /** Nothing is ever removed, so a savepoint needs no copy; its path is its number. */
  async exportSavepoint(manifest: CheckpointManifest): Promise<string> {
    this.#savepoints.set(String(manifest.checkpointId), manifest);
    return String(manifest.checkpointId);
  }

  async retain(): Promise<void> {}

  async discard(): Promise<void> {}

  async finish(): Promise<void> {}

  /** The savepoint with all that it needs. */
  async take(path: string): Promise<StoredCheckpoint | undefined> {
    const manifest = this.#savepoints.get(path);
    if (manifest === undefined) return undefined;
    const files = new Map<string, Uint8Array>();
    for (const key of filesOfManifest(manifest).keys()) files.set(key, await this.#contentOf(key));
    return { manifest: encodeManifest(manifest), files };
  }

  async #contentOf(key: string): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.store.get(key)) pieces.push(piece);
    return Buffer.concat(pieces);
  }
}

async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}
