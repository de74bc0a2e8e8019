import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { invariant, MillraceError } from '../../core/internal.js';
import { fileError } from '../file-system/file-error.js';

/** Bytes after which another file is begun. */
const FILE_BYTES = 16 * 1024 * 1024;

interface SpillFile {
  readonly path: string;
  readonly handle: number;
  sizeBytes: number;
  /** Blocks that somebody may still want. */
  used: number;
}

interface SpilledBlock {
  readonly file: SpillFile;
  readonly start: number;
  readonly length: number;
}

/**
 * Blocks that a checkpoint will read again, put aside where memory is full: in files beside the LMDB environment,
 * and not in it, whose free pages would be torn to pieces by them. Working copies, as that is: nothing is synced.
 *
 * Invariants:
 * - only the last file grows;
 * - with its last block a file is removed, or emptied if it is the last one;
 * - `bytes` is the sum of the files' sizes.
 *
 * On the thread of the task, which waits for the disk.
 */
export class SpillFiles {
  readonly #folder: string;
  readonly #blocks = new Map<number, SpilledBlock>();
  readonly #files = new Set<SpillFile>();
  #last: SpillFile | undefined = undefined;
  #nextId = 1;
  #nextFile = 1;
  #closed = false;
  /** Of disk space in use. */
  bytes = 0;

  /** `folder` is made when it is first needed. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps a copy; its number, which is not 0. @throws MillraceError MR3003 if the disk is full */
  write(block: Uint8Array): number {
    const file = this.#fileToWrite();
    const start = file.sizeBytes;
    try {
      for (let done = 0; done < block.length; )
        done += writeSync(file.handle, block, done, block.length - done, start + done);
    } catch (error) {
      throw fileError('append to', file.path, error);
    }
    file.sizeBytes += block.length;
    file.used++;
    this.bytes += block.length;
    const id = this.#nextId++;
    this.#blocks.set(id, { file, start, length: block.length });
    return id;
  }

  /** @throws MillraceError MR3007 if it is closed */
  read(id: number): Uint8Array {
    if (this.#closed)
      throw new MillraceError('MR3007', 'The state was closed while its snapshot was written.');
    const block = this.#block(id);
    const bytes = new Uint8Array(block.length);
    try {
      for (let done = 0; done < bytes.length; ) {
        const count = readSync(block.file.handle, bytes, done, bytes.length - done, block.start + done);
        invariant(count > 0, 'a spilled block is whole', { id, done, length: bytes.length });
        done += count;
      }
    } catch (error) {
      throw fileError('read', block.file.path, error);
    }
    return bytes;
  }

  /** Nobody wants the block any more. Does nothing once it is closed. */
  drop(id: number): void {
    if (this.#closed) return;
    const { file } = this.#block(id);
    this.#blocks.delete(id);
    file.used--;
    if (file.used > 0) return;
    if (file === this.#last) this.#empty(file);
    else this.#remove(file);
  }

  /** Removes the files. */
  close(): void {
    this.#closed = true;
    for (const file of this.#files) this.#remove(file);
    this.#blocks.clear();
  }

  /** Once it is closed, if the folder is nobody else's. */
  removeFolder(): void {
    if (this.#nextFile > 1) rmSync(this.#folder, { recursive: true, force: true });
  }

  #block(id: number): SpilledBlock {
    const block = this.#blocks.get(id);
    if (block === undefined) invariant(false, 'a spilled block is used until it is dropped', { id });
    return block;
  }

  #fileToWrite(): SpillFile {
    const last = this.#last;
    if (last !== undefined && last.sizeBytes < FILE_BYTES) return last;
    const path = join(this.#folder, `spill-${this.#nextFile++}`);
    try {
      mkdirSync(this.#folder, { recursive: true });
      this.#last = { path, handle: openSync(path, 'wx+'), sizeBytes: 0, used: 0 };
    } catch (error) {
      throw fileError('create', path, error);
    }
    this.#files.add(this.#last);
    return this.#last;
  }

  #empty(file: SpillFile): void {
    try {
      ftruncateSync(file.handle);
    } catch (error) {
      throw fileError('append to', file.path, error);
    }
    this.bytes -= file.sizeBytes;
    file.sizeBytes = 0;
  }

  #remove(file: SpillFile): void {
    closeSync(file.handle);
    rmSync(file.path, { force: true });
    this.#files.delete(file);
    this.bytes -= file.sizeBytes;
  }
}
