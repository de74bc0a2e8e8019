import {
  crc32c,
  invariant,
  MillraceError,
  type SnapshotFile,
  type SnapshotWriter,
  type StateFileHandle,
} from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { BlockStream } from './block-stream.js';
import { dataKey } from './checkpoint-paths.js';
import {
  BLOCK_BYTES_MAX,
  encodeBlockHead,
  encodeFooter,
  encodeHeader,
  FOOTER_BYTES,
  sealFooter,
} from './state-file-layout.js';

/** Blocks are gathered to chunks of this size; a longer block goes by itself, uncopied. */
const BUFFER_BYTES = 256 * 1024;
/** What the buffer of a file begins with: most files are of few rows, and there is one for each snapshot of a task. */
const FIRST_BUFFER_BYTES = 4 * 1024;

/**
 * Turns that follow a block. What a snapshot costs is the same however long it takes: over so many, the records of a
 * busy task lose a fifth of their time to it.
 */
const TURNS_OF_BLOCK = 3;
/** Blocks of a file after which one turn has to do: a large one is not to take three times as long. */
const GENTLE_BLOCKS = 4096;

const NO_TURN = (): Promise<void> => Promise.resolve();

/** Whose part of which checkpoint is written. */
export interface SnapshotScope {
  readonly checkpointId: number;
  readonly epoch: number;
  readonly attempt: number;
  /** `<uid>-<subtask>` */
  readonly owner: string;
}

/**
 * Writes one subtask's data files of one checkpoint into an object store. Made once for each scope: the
 * names of the files are numbered from 0, and the store refuses a name that is taken.
 *
 * `turn` lets everything else on the thread have a turn, and each block is followed by some: however fast the store is,
 * a snapshot of a busy task makes one block in some of its slices of records, and of an idle one all it can.
 */
export class ObjectSnapshotWriter implements SnapshotWriter {
  readonly checkpointId: number;
  readonly #store: ObjectStore;
  readonly #scope: SnapshotScope;
  readonly #turn: () => Promise<void>;
  #fileCount = 0;

  constructor(store: ObjectStore, scope: SnapshotScope, turn: () => Promise<void> = NO_TURN) {
    this.#store = store;
    this.#scope = scope;
    this.#turn = turn;
    this.checkpointId = scope.checkpointId;
  }

  createFile(purpose: string): SnapshotFile {
    const key = dataKey({ ...this.#scope, number: this.#fileCount++, purpose });
    return new ObjectSnapshotFile(this.#store, key, this.#turn);
  }
}

/**
 * Invariants: one call at a time; nothing after `finish` or `abandon`; memory is one buffer of
 * {@link BUFFER_BYTES}, taken with the first block; `#sizeBytes` is the length of what was handed on, the
 * buffer included.
 */
class ObjectSnapshotFile implements SnapshotFile {
  readonly #store: ObjectStore;
  readonly #key: string;
  readonly #turn: () => Promise<void>;
  readonly #stream = new BlockStream();
  /** The store's write, once begun. Its failure reaches the producer through the stream. */
  #written: Promise<number> | undefined;
  #buffer: Uint8Array | undefined;
  #buffered = 0;
  #sizeBytes = 0;
  #blockCount = 0;
  #crc = 0;
  #closed = false;

  constructor(store: ObjectStore, key: string, turn: () => Promise<void>) {
    this.#store = store;
    this.#key = key;
    this.#turn = turn;
  }

  async append(block: Uint8Array): Promise<void> {
    invariant(!this.#closed, 'a sealed file takes no block', { key: this.#key });
    if (block.length > BLOCK_BYTES_MAX) {
      throw new MillraceError('MR3007', `A block of ${block.length} bytes is too long for ${this.#key}`, {
        why: `a block of a state file has at most ${BLOCK_BYTES_MAX} bytes`,
        hint: 'keep large values in smaller parts, for example in list or map state',
      });
    }
    if (this.#sizeBytes === 0) await this.#sealed(encodeHeader());
    await this.#sealed(encodeBlockHead(block.length, crc32c(block)));
    await this.#add(block);
    this.#blockCount++;
    const turns = this.#blockCount <= GENTLE_BLOCKS ? TURNS_OF_BLOCK : 1;
    for (let turn = 0; turn < turns; turn++) await this.#turn();
  }

  async finish(entryCount: number): Promise<StateFileHandle> {
    invariant(!this.#closed, 'a file is sealed once', { key: this.#key });
    if (this.#sizeBytes === 0) await this.#sealed(encodeHeader());
    const sizeBytes = this.#sizeBytes + FOOTER_BYTES;
    const footer = encodeFooter({ blockCount: this.#blockCount, entryCount, sizeBytes });
    const checksum = crc32c(footer, this.#crc, 0, FOOTER_BYTES - 4);
    sealFooter(footer, checksum);
    await this.#add(footer);
    await this.#flush();
    this.#closed = true;
    this.#stream.end();
    const stored = await this.#begin();
    invariant(stored === sizeBytes, 'the store wrote all that was appended', { stored, sizeBytes });
    return { key: this.#key, sizeBytes, entryCount, crc32c: checksum };
  }

  async abandon(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#buffer = undefined;
      this.#stream.fail(new MillraceError('MR3007', `The snapshot file ${this.#key} was given up`));
    }
    if (this.#written === undefined) return;
    try {
      await this.#written;
    } catch {
      // Most likely because it was given up; the file may be there all the same.
    }
    try {
      await this.#store.delete([this.#key]);
    } catch {
      // Nothing will name it, and the leader's retention finds it.
    }
  }

  /** Adds bytes that the footer's checksum covers itself. */
  #sealed(bytes: Uint8Array): Promise<void> {
    this.#crc = crc32c(bytes, this.#crc);
    return this.#add(bytes);
  }

  async #add(bytes: Uint8Array): Promise<void> {
    this.#sizeBytes += bytes.length;
    if (bytes.length > BUFFER_BYTES - this.#buffered) await this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      this.#begin();
      await this.#stream.push(bytes);
      return;
    }
    this.#bufferFor(this.#buffered + bytes.length).set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  /** With what is gathered in it, and room for so many bytes in all. */
  #bufferFor(size: number): Uint8Array {
    const buffer = this.#buffer;
    if (buffer !== undefined && size <= buffer.length) return buffer;
    let length = FIRST_BUFFER_BYTES;
    while (length < size) length *= 2;
    const grown = new Uint8Array(length);
    if (buffer !== undefined) grown.set(buffer.subarray(0, this.#buffered));
    this.#buffer = grown;
    return grown;
  }

  async #flush(): Promise<void> {
    if (this.#buffer === undefined || this.#buffered === 0) return;
    this.#begin();
    await this.#stream.push(this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }

  #begin(): Promise<number> {
    if (this.#written === undefined) {
      this.#written = this.#store.put(this.#key, this.#stream);
      this.#written.catch((error) => this.#stream.abandonedBy(error));
    }
    return this.#written;
  }
}
