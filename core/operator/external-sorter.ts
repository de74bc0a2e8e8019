import { invariant } from '../base/invariant.js';
import type { FileSystem } from '../ports/file-system.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { SortChunk } from './sort-chunk.js';
import { CursorStep, type SortCursor, sortEntryBytes } from './sort-entry.js';
import { SortMerge } from './sort-merge.js';
import { type SortRun, SortRunCursor, SortRunWriter } from './sort-run.js';

/** What a sort may use. */
export interface SortResources {
  /** Bytes it may hold in memory; less than {@link LEAST_BYTES} is taken as that. */
  readonly managedBytes: number;
  readonly fileSystem: FileSystem;
  /** Folder of its temporary files, of its own; made when there is something to write. */
  readonly folder: string;
}

const LEAST_BYTES = 64 * 1024;
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
const PAGE_BYTES_MAX = 64 * 1024;

/**
 * Sorts entries by their bytes, however many they are: they are taken into chunks of memory, a full chunk is
 * sorted, and where half of the memory is full the oldest chunks go to temporary files, of which the many small
 * ones become few; the end merges what is in memory and in files.
 *
 * Of the memory, an eighth is a chunk: up to four wait sorted, one is being filled and one written. A quarter
 * is pages of the files that are merged. What is added while `isFull` stands above that.
 *
 * Invariants:
 * - an entry is in exactly one chunk or run;
 * - one writing is under way at a time, and only it changes `#runs`;
 * - never more runs than `#fanIn` are merged at once.
 */
export class ExternalSorter {
  /** The entry that {@link add} takes next; both are to be written from their beginnings. */
  readonly order = new ByteWriter();
  readonly payload = new ByteWriter();
  readonly #resources: SortResources;
  readonly #chunkBytes: number;
  readonly #chunksMax: number;
  readonly #pageBytes: number;
  readonly #fanIn: number;
  readonly #onWriting: (writing: Promise<void>) => void;
  #active: SortChunk;
  #chunks: SortChunk[] = [];
  #runs: SortRun[] = [];
  #runsBegun = 0;
  #writing: Promise<void> | undefined;
  #merge: SortMerge | undefined;
  /** Bytes that went to files, those of merges not counted again. */
  spilledBytes = 0;

  /** `onWriting`: is given each promise of writing; its rejection must fail the task. */
  constructor(resources: SortResources, onWriting: (writing: Promise<void>) => void) {
    const managedBytes = Math.max(resources.managedBytes, LEAST_BYTES);
    this.#resources = resources;
    this.#onWriting = onWriting;
    this.#chunkBytes = Math.min(managedBytes >> 3, CHUNK_BYTES_MAX) & ~3;
    this.#chunksMax = Math.floor(managedBytes / 2 / this.#chunkBytes);
    this.#pageBytes = Math.min(managedBytes >> 6, PAGE_BYTES_MAX);
    this.#fanIn = Math.floor(managedBytes / 4 / this.#pageBytes);
    this.#active = new SortChunk(this.#chunkBytes);
  }

  /** Bytes of memory in chunks. */
  get chunkBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.bytes.length, this.#active.bytes.length);
  }

  /** The memory is full: nothing more should be added before what is being written has been. */
  get isFull(): boolean {
    return this.#chunks.length > this.#chunksMax;
  }

  /** Takes what `order` and `payload` hold, and clears both. */
  add(): void {
    const { order, payload } = this;
    if (!this.#active.add(order, payload)) {
      this.#seal(Math.max(this.#chunkBytes, (SortChunk.bytesFor(order, payload) + 3) & ~3));
      invariant(this.#active.add(order, payload), 'a new chunk takes the entry');
    }
    order.clear();
    payload.clear();
  }

  /** All that was added, sorted. Called once, after the last `add`. */
  async finish(): Promise<SortCursor> {
    await this.#writing;
    this.#active.sort();
    while (this.#runs.length > this.#fanIn) await this.#mergeSome();
    this.#merge = await this.#open([...this.#chunks, this.#active], this.#runs);
    return this.#merge;
  }

  /** Removes the files. Idempotent. */
  async close(): Promise<void> {
    // What writing has failed with was told before.
    await this.#writing?.catch(() => undefined);
    await this.#merge?.close();
    if (this.#runsBegun > 0) await this.#resources.fileSystem.removeTree(this.#resources.folder);
  }

  #seal(nextBytes: number): void {
    this.#active.sort();
    this.#chunks.push(this.#active);
    this.#active = new SortChunk(nextBytes);
    if (this.#chunks.length < this.#chunksMax || this.#writing !== undefined) return;
    const writing = this.#spill();
    this.#writing = writing;
    this.#onWriting(writing);
  }

  async #spill(): Promise<void> {
    while (this.#chunks.length >= this.#chunksMax) {
      const chunk = this.#chunks[0];
      invariant(chunk !== undefined, 'a full sorter has a chunk');
      const run = await this.#write(chunk);
      this.spilledBytes += run.sizeBytes;
      this.#runs.push(run);
      this.#chunks.shift();
      if (this.#runs.length >= this.#fanIn) await this.#mergeSome();
    }
    this.#writing = undefined;
  }

  /** The smallest runs become one: each entry is written about as often as the files could be halved. */
  async #mergeSome(): Promise<void> {
    const bySize = this.#runs.toSorted((a, b) => a.sizeBytes - b.sizeBytes);
    const merged = bySize.slice(0, Math.max(2, this.#fanIn >> 1));
    const merge = await this.#open([], merged);
    try {
      this.#runs = [...this.#runs.filter((run) => !merged.includes(run)), await this.#write(merge)];
    } finally {
      await merge.close();
    }
    for (const { path } of merged) await this.#resources.fileSystem.remove(path);
  }

  async #open(chunks: readonly SortChunk[], runs: readonly SortRun[]): Promise<SortMerge> {
    const cursors: SortCursor[] = [...chunks];
    try {
      for (const { path } of runs)
        cursors.push(await SortRunCursor.open(this.#resources.fileSystem, path, this.#pageBytes));
      return await SortMerge.open(cursors);
    } catch (error) {
      for (const cursor of cursors) await cursor.close();
      throw error;
    }
  }

  async #write(cursor: SortCursor): Promise<SortRun> {
    const path = `${this.#resources.folder}/run-${this.#runsBegun++}`;
    const writer = await SortRunWriter.create(this.#resources.fileSystem, path, this.#pageBytes);
    try {
      for (;;) {
        const step = cursor.advance();
        if (step === CursorStep.END) return await writer.finish();
        if (step === CursorStep.MUST_LOAD) {
          await cursor.load();
          continue;
        }
        const { bytes, view, at } = cursor;
        const full = writer.add(bytes.subarray(at, at + sortEntryBytes(view, at)));
        if (full !== undefined) await full;
      }
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  }
}
