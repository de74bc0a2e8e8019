import type { ByteRange, ObjectStatus, ObjectStore } from '../object-store/object-store.js';
import { BlockStream } from './block-stream.js';
import { DATA_PREFIX } from './checkpoint-paths.js';

/**
 * A store of which every data file that is written here is kept on this machine too, for tasks of this process that
 * begin again.
 *
 * Invariants: what is asked of this store is answered by the store behind it alone, and nothing fails because of the
 * copies: one that could not be written is not there; a copy goes when its file is deleted here.
 */
export class LocalBackupStore implements ObjectStore {
  readonly mayLandLate: boolean;
  readonly #store: ObjectStore;
  readonly #local: ObjectStore;

  constructor(store: ObjectStore, local: ObjectStore) {
    this.mayLandLate = store.mayLandLate;
    this.#store = store;
    this.#local = local;
  }

  describe(key: string): string {
    return this.#store.describe(key);
  }

  get(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    return this.#store.get(key, range);
  }

  async put(key: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    if (!key.startsWith(DATA_PREFIX)) return this.#store.put(key, content);
    const copy = new BlockStream();
    const copied = this.#local.put(key, copy).then(
      () => true,
      (error: unknown) => {
        copy.abandonedBy(error);
        return false;
      },
    );
    try {
      const length = await this.#store.put(key, alsoTo(copy, content));
      if (!(await copied)) await this.#forget([key]);
      return length;
    } catch (error) {
      copy.fail(error);
      await copied;
      await this.#forget([key]);
      throw error;
    }
  }

  createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    return this.#store.createIfAbsent(key, bytes);
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#store.list(prefix);
  }

  head(key: string): Promise<ObjectStatus | undefined> {
    return this.#store.head(key);
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#forget(keys.filter((key) => key.startsWith(DATA_PREFIX)));
    await this.#store.delete(keys);
  }

  sweepUnfinished(): Promise<void> {
    return this.#store.sweepUnfinished();
  }

  async #forget(keys: readonly string[]): Promise<void> {
    try {
      await this.#local.delete(keys);
    } catch {
      // It takes room until the process leaves, and whoever reads it compares checksums.
    }
  }
}

/** The chunks as they come, each taken by the copy first; a copy that has failed is left alone. */
async function* alsoTo(copy: BlockStream, content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let copies = true;
  for await (const chunk of content) {
    if (copies) {
      copies = await copy.push(chunk).then(
        () => true,
        () => false,
      );
    }
    yield chunk;
  }
  copy.end();
}
