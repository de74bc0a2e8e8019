import { MillraceError } from '../../core/internal.js';
import {
  assertObjectKey,
  assertObjectPrefix,
  type ByteRange,
  CHUNK_BYTES,
  type ObjectStatus,
  type ObjectStore,
} from './object-store.js';

/**
 * Objects in this thread's memory: for jobs whose checkpoints need to survive a task, not the process (as
 * Flink's JobManager storage), and for tests.
 *
 * Invariants: an object never changes once it is in the map; the objects' bytes together are at most
 * `limitBytes`, beyond which writes reject with MR3003.
 */
export class MemoryObjectStore implements ObjectStore {
  readonly mayLandLate = false;
  readonly #objects = new Map<string, Uint8Array>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes: number = Number.MAX_SAFE_INTEGER) {
    this.#limitBytes = limitBytes;
  }

  describe(key: string): string {
    return `memory:${key}`;
  }

  async *get(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    assertObjectKey(key);
    const object = this.#objects.get(key);
    if (object === undefined) {
      throw new MillraceError('MR3008', `There is no object ${key}`, { where: { at: this.describe(key) } });
    }
    const from = Math.min(range?.offset ?? 0, object.length);
    const to = Math.min(range === undefined ? object.length : from + range.length, object.length);
    for (let at = from; at < to; at += CHUNK_BYTES) {
      yield object.slice(at, Math.min(at + CHUNK_BYTES, to));
    }
  }

  async put(key: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    assertObjectKey(key);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of content) {
      length += chunk.length;
      this.#assertRoom(key, length);
      chunks.push(chunk.slice());
    }
    const object = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      object.set(chunk, at);
      at += chunk.length;
    }
    if (this.#objects.has(key)) {
      throw new MillraceError('MR3001', `The object ${key} exists already`, {
        where: { at: this.describe(key) },
        why: 'a key is written once',
      });
    }
    this.#store(key, object);
    return length;
  }

  async createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    assertObjectKey(key);
    if (this.#objects.has(key)) return false;
    this.#store(key, bytes.slice());
    return true;
  }

  async list(prefix: string): Promise<readonly string[]> {
    assertObjectPrefix(prefix);
    return [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async head(key: string): Promise<ObjectStatus | undefined> {
    assertObjectKey(key);
    const object = this.#objects.get(key);
    return object === undefined ? undefined : { sizeBytes: object.length };
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.#bytes -= this.#objects.get(key)?.length ?? 0;
      this.#objects.delete(key);
    }
  }

  async sweepUnfinished(): Promise<void> {
    // An unfinished write leaves nothing in the map.
  }

  #store(key: string, object: Uint8Array): void {
    this.#assertRoom(key, object.length);
    this.#objects.set(key, object);
    this.#bytes += object.length;
  }

  #assertRoom(key: string, length: number): void {
    if (this.#bytes + length <= this.#limitBytes) return;
    throw new MillraceError('MR3003', `No room for ${key} in the checkpoint memory`, {
      where: { at: this.describe(key) },
      why: `${this.#bytes} of ${this.#limitBytes} bytes are taken, ${length} more are needed`,
      hint: 'raise execution.checkpointing.jobmanager-storage.max-size, or keep checkpoints in files',
    });
  }
}
