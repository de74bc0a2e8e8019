import {
  crc32c,
  isMillraceError,
  MillraceError,
  type StateFileHandle,
  type StateFileReader,
} from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { corruptFile } from './field-reader.js';
import { LOOKS_MAX } from './looking-again.js';
import {
  BLOCK_BYTES_MAX,
  BLOCK_HEAD_BYTES,
  decodeFooter,
  FOOTER_BYTES,
  FOOTER_MARK,
  HEADER_BYTES,
  STATE_FILE_MAGIC,
  STATE_FILE_VERSION,
} from './state-file-layout.js';

/**
 * Reads state files out of an object store. Every block is verified before it is handed out; length, entry
 * count and the file's own checksum are compared with the manifest's before the iteration ends normally.
 * A consumer that has seen the end has seen exactly what was written. A copy on this machine is read first where there
 * is one, and what is damaged or missing of it comes out of the store.
 *
 * @example
 * ```ts
 * async function bytesOf(store: ObjectStore, handle: StateFileHandle): Promise<number> {
 *   let sum = 0;
 *   for await (const block of new ObjectStateFileReader(store).read(handle)) sum += block.length;
 *   return sum;
 * }
 * ```
 */
export class ObjectStateFileReader implements StateFileReader {
  /** Where a file is looked for, in this order. */
  readonly #stores: readonly ObjectStore[];

  /** `copies`: a store of this machine that may hold some of the files too. */
  constructor(store: ObjectStore, copies?: ObjectStore) {
    const looks = new Array<ObjectStore>(LOOKS_MAX).fill(store);
    this.#stores = copies === undefined ? looks : [copies, ...looks];
  }

  async *read(handle: StateFileHandle): AsyncIterable<Uint8Array> {
    let handedOut = 0;
    const last = this.#stores.length - 1;
    for (const [look, store] of this.#stores.entries()) {
      let block = 0;
      try {
        for await (const bytes of this.#pass(handle, store)) {
          if (block++ < handedOut) continue;
          handedOut++;
          yield bytes;
        }
        return;
      } catch (error) {
        const isDamage = isMillraceError(error) && error.code === 'MR3004';
        const isOfCopy = look < this.#stores.length - LOOKS_MAX;
        if (!isOfCopy && (!isDamage || look === last)) throw error;
      }
    }
  }

  async *#pass(handle: StateFileHandle, store: ObjectStore): AsyncIterable<Uint8Array> {
    const { key } = handle;
    const file = store.describe(key);
    await this.#assertSize(handle, store, file);
    const source = new ByteSource(store.get(key, { offset: 0, length: handle.sizeBytes }), file);
    try {
      const header = await source.take(HEADER_BYTES);
      if (uint32At(header, 0) !== STATE_FILE_MAGIC)
        throw corruptFile(file, 'it does not begin as a state file');
      const version = uint32At(header, 4);
      if (version !== STATE_FILE_VERSION) throw unknownVersion(file, version);
      let crc = crc32c(header);
      let left = handle.sizeBytes - HEADER_BYTES - FOOTER_BYTES;
      let blocks = 0;
      for (;;) {
        const head = await source.take(BLOCK_HEAD_BYTES);
        const length = uint32At(head, 0);
        if (length === FOOTER_MARK) {
          await this.#assertFooter(handle, { head, crc, blocks, left }, source, file);
          return;
        }
        crc = crc32c(head, crc);
        left -= BLOCK_HEAD_BYTES + length;
        if (length > BLOCK_BYTES_MAX || left < 0)
          throw corruptFile(file, `a block of ${length} bytes does not fit`);
        const block = await source.take(length);
        if (crc32c(block) !== uint32At(head, 4))
          throw corruptFile(file, `block ${blocks} has another checksum`);
        blocks++;
        yield block;
      }
    } finally {
      await source.close();
    }
  }

  async #assertSize(handle: StateFileHandle, store: ObjectStore, file: string): Promise<void> {
    const status = await store.head(handle.key);
    if (status === undefined) {
      throw new MillraceError('MR3008', `The state file ${file} is missing`, {
        where: { at: file },
        why: 'a completed checkpoint names it',
        hint: 'see whether something else removed files of the checkpoint folder',
      });
    }
    if (status.sizeBytes !== handle.sizeBytes || status.sizeBytes < HEADER_BYTES + FOOTER_BYTES) {
      throw corruptFile(file, `it has ${status.sizeBytes} bytes, its checkpoint says ${handle.sizeBytes}`);
    }
  }

  async #assertFooter(
    handle: StateFileHandle,
    seen: { head: Uint8Array; crc: number; blocks: number; left: number },
    source: ByteSource,
    file: string,
  ): Promise<void> {
    const bytes = new Uint8Array(FOOTER_BYTES);
    bytes.set(seen.head);
    bytes.set(await source.take(FOOTER_BYTES - BLOCK_HEAD_BYTES), BLOCK_HEAD_BYTES);
    const footer = decodeFooter(bytes);
    const crc = crc32c(bytes, seen.crc, 0, FOOTER_BYTES - 4);
    if (crc !== footer.crc32c) throw corruptFile(file, 'its own checksum differs');
    if (seen.left !== 0 || footer.blockCount !== seen.blocks || footer.sizeBytes !== handle.sizeBytes) {
      throw corruptFile(file, 'it ends too early');
    }
    if (footer.entryCount !== handle.entryCount || footer.crc32c !== handle.crc32c) {
      throw corruptFile(file, 'it is not the file that its checkpoint names');
    }
  }
}

/**
 * Takes counted bytes out of a stream of chunks. Holds one chunk and what is being gathered; the caller
 * bounds what it asks for before it asks.
 */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #file: string;
  #chunk: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, file: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#file = file;
  }

  /** The next `length` bytes: a view of the chunk where they lie in one, else gathered. The caller's own. */
  async take(length: number): Promise<Uint8Array> {
    if (this.#position === this.#chunk.length && length > 0) await this.#next(length);
    if (this.#chunk.length - this.#position >= length) return this.#view(length);
    const gathered = new Uint8Array(length);
    for (let filled = 0; ; await this.#next(length - filled)) {
      const part = this.#view(Math.min(length - filled, this.#chunk.length - this.#position));
      gathered.set(part, filled);
      filled += part.length;
      if (filled === length) return gathered;
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #view(length: number): Uint8Array {
    const from = this.#position;
    this.#position += length;
    return this.#chunk.subarray(from, from + length);
  }

  async #next(needed: number): Promise<void> {
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done === true) throw corruptFile(this.#file, `it ends ${needed} bytes too early`);
      if (value.length === 0) continue;
      this.#chunk = value;
      this.#position = 0;
      return;
    }
  }
}

function unknownVersion(file: string, version: number): MillraceError {
  return new MillraceError('MR3004', `The state file ${file} has the unknown version ${version}`, {
    where: { at: file },
    why: `this millrace reads version ${STATE_FILE_VERSION}; a newer one may have written it, or it is corrupt`,
    hint: 'start the version of millrace that wrote the checkpoint',
  });
}

function uint32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}
