import {
  accountOf,
  type FileSystem,
  isMillraceError,
  MillraceError,
  type ReadableFile,
} from '../../core/internal.js';
import { Prefetch, type Prefetched, type PrefetchSource } from './prefetch.js';

const CHUNK_BYTES = 256 * 1024;
const CHUNKS_AHEAD = 2;

/** The bytes [from, end) of a file in chunks, none of them empty, read ahead of who takes them. */
export function readAhead(
  fileSystem: FileSystem,
  path: string,
  from: number,
  end: number,
): Prefetch<Uint8Array> {
  return new Prefetch(new FileChunks(fileSystem, path, from, end), CHUNKS_AHEAD, from >= end);
}

class FileChunks implements PrefetchSource<Uint8Array> {
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  readonly #end: number;
  #next: number;
  #file: ReadableFile | undefined;

  constructor(fileSystem: FileSystem, path: string, from: number, end: number) {
    this.#fileSystem = fileSystem;
    this.#path = path;
    this.#end = end;
    this.#next = from;
    this.#file = undefined;
  }

  async next(): Promise<Prefetched<Uint8Array>> {
    try {
      this.#file ??= await openAtLeast(this.#fileSystem, this.#path, this.#end);
      const item = await this.#file.read(this.#next, Math.min(CHUNK_BYTES, this.#end - this.#next));
      if (item.length === 0) throw shorter(this.#path, this.#end, this.#next);
      this.#next += item.length;
      return { item, last: this.#next >= this.#end };
    } catch (error) {
      throw unreadable(this.#path, error);
    }
  }

  close(): Promise<void> {
    return closeReadable(this.#file);
  }
}

/** @throws MillraceError MR6003 if the file has become shorter than it was when it was found */
export async function openAtLeast(
  fileSystem: FileSystem,
  path: string,
  sizeBytes: number,
): Promise<ReadableFile> {
  const file = await fileSystem.openRead(path);
  if (file.sizeBytes >= sizeBytes) return file;
  await closeReadable(file);
  throw shorter(path, sizeBytes, file.sizeBytes);
}

/** Closing a file that was only read cannot lose anything, so a failure to close it is passed over. */
export async function closeReadable(file: ReadableFile | undefined): Promise<void> {
  try {
    await file?.close();
  } catch {
    // See above.
  }
}

function shorter(path: string, was: number, is: number): MillraceError {
  return new MillraceError('MR6003', `The file ${path} has become shorter while it was being read.`, {
    why: `It had ${was} bytes when it was found, and now ends at ${is}.`,
    hint: 'Input files must not change while a job reads them. Put the file back as it was, or start afresh.',
  });
}

/** MR6003 with the reason; an error that says so already comes back as it is. */
export function unreadable(path: string, error: unknown): MillraceError {
  if (isMillraceError(error) && (error.code === 'MR6003' || error.code === 'MR6001')) return error;
  return new MillraceError('MR6003', `The file ${path} could not be read.`, {
    why: accountOf(error),
    hint: 'See that the file is there and may be read by this user.',
    cause: error,
  });
}
