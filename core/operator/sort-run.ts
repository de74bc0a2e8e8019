import { invariant } from '../base/invariant.js';
import type { AppendableFile, FileSystem, ReadableFile } from '../ports/file-system.js';
import { CursorStep, SORT_HEADER_BYTES, type SortCursor, sortEntryBytes } from './sort-entry.js';

/** A temporary file of sorted entries. */
export interface SortRun {
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Reads a run, a page at a time. An entry longer than a page is read whole.
 *
 * Invariants: bytes[#next, length) are those of the file that precede `#offset`, and follow the present entry.
 */
export class SortRunCursor implements SortCursor {
  bytes: Uint8Array;
  view: DataView;
  at = 0;
  readonly #file: ReadableFile;
  readonly #pageBytes: number;
  /** Where the next entry begins in the page. */
  #next = 0;
  /** Of the file, up to where it has been read. */
  #offset = 0;
  #closed = false;

  private constructor(file: ReadableFile, pageBytes: number) {
    this.#file = file;
    this.#pageBytes = pageBytes;
    this.bytes = new Uint8Array(0);
    this.view = new DataView(this.bytes.buffer);
  }

  static async open(fileSystem: FileSystem, path: string, pageBytes: number): Promise<SortRunCursor> {
    return new SortRunCursor(await fileSystem.openRead(path), pageBytes);
  }

  advance(): CursorStep {
    const next = this.#next;
    const left = this.bytes.length - next;
    if (left === 0 && this.#offset === this.#file.sizeBytes) return CursorStep.END;
    if (left < SORT_HEADER_BYTES) return CursorStep.MUST_LOAD;
    const size = sortEntryBytes(this.view, next);
    if (left < size) return CursorStep.MUST_LOAD;
    this.at = next;
    this.#next = next + size;
    return CursorStep.ENTRY;
  }

  async load(): Promise<void> {
    this.#take(await this.#file.read(this.#offset, this.#missingBytes()));
  }

  loadNow(): void {
    this.#take(this.#file.readNow(this.#offset, this.#missingBytes()));
  }

  /** Of a page, or of an entry that is longer. */
  #missingBytes(): number {
    const restBytes = this.bytes.length - this.#next;
    const wanted = restBytes < SORT_HEADER_BYTES ? 0 : sortEntryBytes(this.view, this.#next);
    return Math.max(this.#pageBytes, wanted) - restBytes;
  }

  #take(read: Uint8Array): void {
    invariant(read.length > 0, 'a run ends with a whole entry', { offset: this.#offset });
    this.#offset += read.length;
    const rest = this.bytes.subarray(this.#next);
    const page = new Uint8Array(rest.length + read.length);
    page.set(rest);
    page.set(read, rest.length);
    this.bytes = page;
    this.view = new DataView(page.buffer);
    this.#next = 0;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close();
  }
}

/** Appends entries to a new run by blocks. */
export class SortRunWriter {
  readonly #file: AppendableFile;
  readonly #path: string;
  readonly #blockBytes: number;
  #block: Uint8Array;
  #end = 0;
  #sizeBytes = 0;

  private constructor(file: AppendableFile, path: string, blockBytes: number) {
    this.#file = file;
    this.#path = path;
    this.#blockBytes = blockBytes;
    this.#block = new Uint8Array(blockBytes);
  }

  static async create(fileSystem: FileSystem, path: string, blockBytes: number): Promise<SortRunWriter> {
    return new SortRunWriter(await fileSystem.create(path), path, blockBytes);
  }

  /** Copies the entry. A promise where the block is full: await it before the next one. */
  add(entry: Uint8Array): Promise<void> | undefined {
    if (this.#end + entry.length <= this.#block.length) {
      this.#block.set(entry, this.#end);
      this.#end += entry.length;
      return undefined;
    }
    return this.#flush(entry.slice());
  }

  async finish(): Promise<SortRun> {
    await this.#flush(new Uint8Array(0));
    await this.#file.close();
    return { path: this.#path, sizeBytes: this.#sizeBytes };
  }

  /** Gives up. */
  async abandon(): Promise<void> {
    await this.#file.close();
  }

  async #flush(next: Uint8Array): Promise<void> {
    const block = this.#block.subarray(0, this.#end);
    if (block.length > 0) await this.#file.append(block);
    this.#sizeBytes += block.length;
    const capacity = Math.max(this.#blockBytes, next.length);
    if (this.#block.length !== capacity) this.#block = new Uint8Array(capacity);
    this.#block.set(next);
    this.#end = next.length;
  }
}
