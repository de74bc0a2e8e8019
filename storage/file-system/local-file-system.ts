import { readSync } from 'node:fs';
import {
  type FileHandle,
  link,
  mkdir,
  open,
  opendir,
  readdir,
  readFile,
  rm,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type AppendableFile,
  type FileEntry,
  type FileStatus,
  type FileSystem,
  isMillraceError,
  MillraceError,
  type ReadableFile,
} from '../../core/internal.js';
import { errnoOf, type FileOperation, fileError } from './file-error.js';

/** Tries of an operation that finds no free file handle; between them 1, 2, 4, ... others of the disk are let by. */
const HANDLE_TRIES_MAX = 10;

/** Names that are in memory at once while a folder is looked through. */
const NAMES_AT_ONCE = 1024;

/**
 * The local disk, by node:fs.
 *
 * Invariants:
 * - every rejection is a MillraceError that names the path;
 * - a name is durable once `link` or the file's `sync` has resolved, its parent folders' names included;
 * - out of file handles (EMFILE, ENFILE) is waited out, while at most about a thousand other operations go by.
 *
 * @example
 * ```ts
 * const disk = new LocalFileSystem();
 * const file = await disk.create('/data/checkpoints/part');
 * await file.append(bytes);
 * await file.sync();
 * await file.close();
 * ```
 */
export class LocalFileSystem implements FileSystem {
  async openRead(path: string): Promise<ReadableFile> {
    const handle = await attempt('open', path, () => open(path, 'r'));
    try {
      const status = await handle.stat();
      return new LocalReadableFile(path, handle, status.size);
    } catch (error) {
      await handle.close();
      throw fileError('open', path, error);
    }
  }

  async create(path: string): Promise<AppendableFile> {
    const folders = await makeParents(path);
    const handle = await attempt('create', path, () => open(path, 'wx'));
    return new LocalAppendableFile(path, handle, folders);
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    return unlessMissing(attempt('read', path, () => readFile(path)));
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    const status = await unlessMissing(attempt('look at', path, () => stat(path, { bigint: true })));
    if (status === undefined) return undefined;
    return {
      sizeBytes: Number(status.size),
      modifiedMs: Number(status.mtimeMs),
      isFolder: status.isDirectory(),
      identity: `${status.dev}:${status.ino}`,
    };
  }

  async list(folder: string): Promise<readonly FileEntry[]> {
    const entries = await unlessMissing(
      attempt('list', folder, () => readdir(folder, { withFileTypes: true })),
    );
    const listed: FileEntry[] = [];
    for (const entry of entries ?? []) {
      const isFolder = entry.isSymbolicLink()
        ? ((await this.stat(`${folder}/${entry.name}`))?.isFolder ?? false)
        : entry.isDirectory();
      listed.push({ name: entry.name, isFolder });
    }
    return listed.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  async visitNames(folder: string, visit: (name: string) => void): Promise<void> {
    const entries = await unlessMissing(
      attempt('list', folder, () => opendir(folder, { bufferSize: NAMES_AT_ONCE })),
    );
    if (entries === undefined) return;
    try {
      // Closes the folder, however it ends.
      for await (const { name } of entries) visit(name);
    } catch (error) {
      throw fileError('list', folder, error);
    }
  }

  async link(existing: string, path: string): Promise<boolean> {
    const folders = await makeParents(path);
    let given = true;
    try {
      await attempt('link', path, () => link(existing, path));
    } catch (error) {
      if (errnoOf(causeOf(error)) !== 'EEXIST') throw error;
      given = false;
    }
    await syncFolders(folders);
    return given;
  }

  async remove(path: string): Promise<void> {
    await unlessMissing(attempt('remove', path, () => unlink(path)));
  }

  async removeTree(folder: string): Promise<void> {
    await attempt('remove', folder, () => rm(folder, { recursive: true, force: true }));
  }

  async syncFolder(folder: string): Promise<void> {
    await unlessMissing(syncOneFolder(folder));
  }
}

class LocalReadableFile implements ReadableFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly sizeBytes: number;

  constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.#path = path;
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    try {
      while (filled < length) {
        const { bytesRead } = await this.#handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (error) {
      throw fileError('read', this.#path, error);
    }
    return filled === length ? bytes : bytes.subarray(0, filled);
  }

  readNow(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let filled = 0;
    try {
      while (filled < length) {
        const bytesRead = readSync(this.#handle.fd, bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (error) {
      throw fileError('read', this.#path, error);
    }
    return filled === length ? bytes : bytes.subarray(0, filled);
  }

  async close(): Promise<void> {
    await closeHandle(this.#path, this.#handle);
  }
}

class LocalAppendableFile implements AppendableFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  /** Folders whose entries are not durable yet. */
  #folders: readonly string[];

  constructor(path: string, handle: FileHandle, folders: readonly string[]) {
    this.#path = path;
    this.#handle = handle;
    this.#folders = folders;
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, null);
        written += bytesWritten;
      }
    } catch (error) {
      throw fileError('append to', this.#path, error);
    }
  }

  async sync(): Promise<void> {
    try {
      await this.#handle.sync();
    } catch (error) {
      throw fileError('sync', this.#path, error);
    }
    await syncFolders(this.#folders);
    this.#folders = [];
  }

  async close(): Promise<void> {
    await closeHandle(this.#path, this.#handle);
  }
}

async function closeHandle(path: string, handle: FileHandle): Promise<void> {
  try {
    await handle.close();
  } catch (error) {
    throw fileError('close', path, error);
  }
}

/**
 * Makes the folders above `path` and returns those whose entries have to be synced for the name of `path`
 * to last: its own folder, and the folders in which a folder was made.
 */
async function makeParents(path: string): Promise<readonly string[]> {
  const parent = dirname(path);
  return [parent, ...(await makeFolder(parent))];
}

/**
 * Makes a folder and those above it, unless they are there; returns the folders in which one was made. Not by
 * `recursive`: where no folder can be made (below /proc) that one tries for ever, on a thread that nobody can end.
 */
async function makeFolder(path: string): Promise<readonly string[]> {
  const above = dirname(path);
  const outcome = await makeOneFolder(path);
  if (outcome !== 'none-above') return outcome === 'made' ? [above] : [];
  const folders = await makeFolder(above);
  if ((await makeOneFolder(path)) !== 'none-above') return [above, ...folders];
  throw new MillraceError('MR3002', `No folder can be made in ${above}`, {
    where: { at: path },
    hint: 'choose another folder',
  });
}

async function makeOneFolder(path: string): Promise<'made' | 'there' | 'none-above'> {
  try {
    await attempt('create', path, () => mkdir(path));
    return 'made';
  } catch (error) {
    if (await isFolder(path)) return 'there';
    if (errnoOf(causeOf(error)) === 'ENOENT' && dirname(path) !== path) return 'none-above';
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  const status = await unlessMissing(attempt('look at', path, () => stat(path)));
  return status?.isDirectory() ?? false;
}

async function syncFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await syncOneFolder(folder);
}

async function syncOneFolder(folder: string): Promise<void> {
  // Windows opens no folder as a file; NTFS journals names by itself.
  if (process.platform === 'win32') return;
  const handle = await attempt('sync', folder, () => open(folder, 'r'));
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems have nothing to sync in a folder, and say so.
    if (errnoOf(error) !== 'EINVAL') throw fileError('sync', folder, error);
  } finally {
    await closeHandle(folder, handle);
  }
}

/** Runs an operation that may take a file handle; waits, within limits, for other files to be closed. */
async function attempt<T>(operation: FileOperation, path: string, run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      const errno = errnoOf(error);
      const outOfHandles = errno === 'EMFILE' || errno === 'ENFILE';
      if (!outOfHandles || tries === HANDLE_TRIES_MAX) throw fileError(operation, path, error);
    }
    for (let others = 1 << (tries - 1); others > 0; others--) await letOthersBy();
  }
}

/**
 * Queues up behind what the disk has to do for others, who may give handles back: needs no handle itself,
 * and takes as long as the disk is busy.
 */
async function letOthersBy(): Promise<void> {
  await stat('/');
}

async function unlessMissing<T>(outcome: Promise<T>): Promise<T | undefined> {
  try {
    return await outcome;
  } catch (error) {
    if (isMillraceError(error) && error.code === 'MR3008') return undefined;
    throw error;
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
