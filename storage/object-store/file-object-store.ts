import { dirname } from 'node:path/posix';
import { type AppendableFile, type FileSystem, isMillraceError, MillraceError } from '../../core/internal.js';
import {
  assertObjectKey,
  assertObjectPrefix,
  type ByteRange,
  CHUNK_BYTES,
  type ObjectStatus,
  type ObjectStore,
} from './object-store.js';

/** Where objects are written before they get their name. Its name cannot occur in a key. */
const SCRATCH = '.unfinished';
/** How often a write is done again whose scratch file somebody swept away. */
const SWEPT_TRIES_MAX = 3;
/** How many scratch names are tried, should earlier processes have left theirs. */
const SCRATCH_NAMES_MAX = 10_000;

/**
 * Objects as files below a root folder.
 *
 * Invariants:
 * - a file appears under its key by link(2) only, after its bytes are durable: never torn, never replaced,
 *   and of several writers of one key exactly one wins (rename would let the last one win);
 * - unfinished bytes lie in the scratch folder, under names that begin with this instance's `writer`, which
 *   no other running instance uses (for example the process id and the thread's number);
 * - nothing outside of the root is touched.
 *
 * @example
 * ```ts
 * const store = new FileObjectStore(new LocalFileSystem(), '/data/checkpoints/my-job', '4711-0');
 * await store.createIfAbsent('log/0000000001', bytes);   // true: it is ours
 * ```
 */
export class FileObjectStore implements ObjectStore {
  /** A system call that has returned is over. */
  readonly mayLandLate = false;
  readonly #disk: FileSystem;
  readonly #root: string;
  readonly #writer: string;
  #scratchCount = 0;

  constructor(disk: FileSystem, root: string, writer: string) {
    assertObjectKey(writer);
    this.#disk = disk;
    this.#root = root.endsWith('/') ? root.slice(0, -1) : root;
    this.#writer = writer;
  }

  describe(key: string): string {
    return `${this.#root}/${key}`;
  }

  async *get(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    const file = await this.#disk.openRead(this.#path(key));
    try {
      const from = Math.min(range?.offset ?? 0, file.sizeBytes);
      const to = Math.min(range === undefined ? file.sizeBytes : from + range.length, file.sizeBytes);
      for (let at = from; at < to; ) {
        const chunk = await file.read(at, Math.min(CHUNK_BYTES, to - at));
        if (chunk.length === 0) break;
        at += chunk.length;
        yield chunk;
      }
    } finally {
      await file.close();
    }
  }

  async put(key: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    const path = this.#path(key);
    const [scratch, file] = await this.#createScratch();
    let length = 0;
    try {
      await closing(file, async () => {
        for await (const chunk of content) {
          await file.append(chunk);
          length += chunk.length;
        }
        await file.sync();
      });
      if (!(await this.#disk.link(scratch, path))) {
        throw new MillraceError('MR3001', `The file ${path} exists already`, {
          where: { at: path },
          why: 'a stored file is written once',
          hint: 'see who else writes to this folder',
        });
      }
    } finally {
      await this.#removeScratch(scratch);
    }
    return length;
  }

  async createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const path = this.#path(key);
    if ((await this.#disk.stat(path)) !== undefined) {
      // Not even room for a scratch file is needed to find out that somebody else was first.
      await this.#disk.syncFolder(dirname(path));
      return false;
    }
    for (let tries = 1; ; tries++) {
      const [scratch, file] = await this.#createScratch();
      try {
        await closing(file, async () => {
          await file.append(bytes);
          await file.sync();
        });
        return await this.#disk.link(scratch, path);
      } catch (error) {
        // A process that has just taken the lead sweeps scratch files away; whether it has won is for the key to say.
        const swept = isMillraceError(error) && error.code === 'MR3008';
        if (!swept || tries === SWEPT_TRIES_MAX) throw error;
      } finally {
        await this.#removeScratch(scratch);
      }
    }
  }

  async list(prefix: string): Promise<readonly string[]> {
    assertObjectPrefix(prefix);
    const keys: string[] = [];
    const open = [prefix];
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      for (const { name, isFolder } of await this.#disk.list(`${this.#root}/${folder}`.replace(/\/$/, ''))) {
        if (name.startsWith('.')) continue;
        if (isFolder) open.push(`${folder}${name}/`);
        else keys.push(`${folder}${name}`);
      }
    }
    return keys.sort();
  }

  async head(key: string): Promise<ObjectStatus | undefined> {
    const status = await this.#disk.stat(this.#path(key));
    return status === undefined || status.isFolder ? undefined : { sizeBytes: status.sizeBytes };
  }

  async delete(keys: readonly string[]): Promise<void> {
    const folders = new Set<string>();
    for (const key of keys) {
      const path = this.#path(key);
      await this.#disk.remove(path);
      folders.add(dirname(path));
    }
    for (const folder of folders) await this.#disk.syncFolder(folder);
  }

  sweepUnfinished(): Promise<void> {
    return this.#removeUnfinished((isOwn) => !isOwn);
  }

  /** What unfinished writes of this `writer` left behind, for who knows that none of them is under way. */
  removeOwnUnfinished(): Promise<void> {
    return this.#removeUnfinished((isOwn) => isOwn);
  }

  async #removeUnfinished(isMeant: (isOwn: boolean) => boolean): Promise<void> {
    const folder = `${this.#root}/${SCRATCH}`;
    for (const { name } of await this.#disk.list(folder))
      if (isMeant(name.startsWith(`${this.#writer}.`))) await this.#disk.remove(`${folder}/${name}`);
  }

  #path(key: string): string {
    assertObjectKey(key);
    return `${this.#root}/${key}`;
  }

  async #createScratch(): Promise<[string, AppendableFile]> {
    for (let tries = 1; ; tries++) {
      const path = `${this.#root}/${SCRATCH}/${this.#writer}.${++this.#scratchCount}`;
      try {
        return [path, await this.#disk.create(path)];
      } catch (error) {
        // An earlier process with our process id may have left a file of this name.
        const taken = (await this.#disk.stat(path)) !== undefined;
        if (!taken || tries === SCRATCH_NAMES_MAX) throw error;
      }
    }
  }

  async #removeScratch(path: string): Promise<void> {
    try {
      await this.#disk.remove(path);
    } catch {
      // The outcome is decided by the link, not by this; what stays is swept by the next leader.
    }
  }
}

/** Runs `write` and closes the file; an error of `write` counts more than one of closing. */
async function closing(file: AppendableFile, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    try {
      await file.close();
    } catch {
      // The first error is the one to tell.
    }
    throw error;
  }
  await file.close();
}
