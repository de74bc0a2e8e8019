import { MillraceError, type Prng } from '../../core/internal.js';
import { fileError, type ObjectStore } from '../../storage/index.js';
import type { ByteRange, ObjectStatus } from '../../storage/object-store/object-store.js';
import type { DiskWeather, ScheduledDisk } from './scheduled-disk.js';
import type { SimulatedDisk } from './simulated-disk.js';
import type { SimulatedFileSystem } from './simulated-file-system.js';

export interface WorldBucketParts {
  /** Where the objects lie, as files of their names: what looks at them need not know who put them there. */
  readonly disk: SimulatedDisk;
  /** Whose requests these are, and what becomes of them. */
  readonly view: SimulatedFileSystem;
  readonly requests: ScheduledDisk;
  readonly prng: Prng;
  readonly weather: Readonly<DiskWeather>;
}

/** An object gets its name when it is whole: whoever hears of names sees nothing of it before. */
const UNDER_WAY = '/bucket/under-way';

/**
 * A folder of the disk in place of an object store that is reached over a network: an object is there as a whole,
 * durably, or it is not; requests fail, without or with their effect, are slow, and come late, when nobody waits for
 * them any more.
 *
 * What is fair: as disk-fault-plan.ts says; a write whose failure was told may arrive at any time after it, or never.
 * What is not fair, and never happens: a list that misses what was written before it was asked for, an object that
 * changes, two who create one key.
 */
export class WorldBucket implements ObjectStore {
  readonly mayLandLate = true;
  readonly #parts: WorldBucketParts;
  readonly #folder: string;

  constructor(parts: WorldBucketParts, folder: string) {
    this.#parts = parts;
    this.#folder = folder;
  }

  describe(key: string): string {
    return `bucket:${this.#folder}/${key}`;
  }

  async *get(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    const path = this.#pathOf(key);
    const { disk, view } = this.#parts;
    const bytes = await view.read(path, () => {
      const inode = disk.find(path);
      if (inode === undefined) return undefined;
      const from = Math.min(range?.offset ?? 0, inode.length);
      return inode.bytes.slice(from, Math.min(inode.length, from + (range?.length ?? inode.length)));
    });
    if (bytes === undefined) {
      throw new MillraceError('MR3008', `There is no object ${key}`, { where: { at: this.describe(key) } });
    }
    if (bytes.length > 0) yield bytes;
  }

  async put(key: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    // The body is sent before anything is stored.
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk.slice());
    const body = Buffer.concat(chunks);
    const isNew = await this.#write('create', key, body);
    if (isNew) return body.length;
    throw new MillraceError('MR3001', `The object ${key} exists already`, {
      where: { at: this.describe(key) },
      why: 'a key is written once',
    });
  }

  createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    return this.#write('link', key, bytes.slice());
  }

  async list(prefix: string): Promise<readonly string[]> {
    const { disk, view } = this.#parts;
    return view.run('list', this.#pathOf(prefix), () => {
      const keys: string[] = [];
      const open = [prefix];
      for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
        for (const { name, isFolder } of disk.entries(this.#pathOf(folder).replace(/\/$/, ''))) {
          if (isFolder) open.push(`${folder}${name}/`);
          else keys.push(`${folder}${name}`);
        }
      }
      return keys.sort();
    });
  }

  head(key: string): Promise<ObjectStatus | undefined> {
    const path = this.#pathOf(key);
    return this.#parts.view.run('look at', path, () => {
      const inode = this.#parts.disk.find(path);
      return inode && { sizeBytes: inode.length };
    });
  }

  async delete(keys: readonly string[]): Promise<void> {
    const { disk, view } = this.#parts;
    for (const key of keys) {
      const path = this.#pathOf(key);
      await view.run('remove', path, () => {
        disk.remove(path);
        disk.syncFolder(folderOf(path));
      });
    }
  }

  async sweepUnfinished(): Promise<void> {
    // What is under way lies nowhere.
  }

  async #write(kind: 'create' | 'link', key: string, body: Uint8Array): Promise<boolean> {
    const { disk, view, requests, prng, weather } = this.#parts;
    const path = this.#pathOf(key);
    if (!prng.chance(weather.late)) return view.run(kind, path, () => this.#store(path, body));
    void requests.onItsWay(path).then(() => {
      if (!disk.isDead) this.#store(path, body);
    });
    throw fileError('append to', this.describe(key), new Error('ETIMEDOUT, simulated'));
  }

  /** False if the key is taken. */
  #store(path: string, body: Uint8Array): boolean {
    const { disk } = this.#parts;
    if (disk.find(path) !== undefined) return false;
    const inode = disk.create(UNDER_WAY, 0);
    // However full the disk of the machine is, there is room here.
    inode.bytes = Uint8Array.from(body);
    inode.length = body.length;
    disk.syncBytes(inode);
    disk.link(inode, path);
    disk.remove(UNDER_WAY);
    disk.syncFolder(folderOf(path));
    disk.syncFolder(folderOf(UNDER_WAY));
    return true;
  }

  #pathOf(key: string): string {
    return `${this.#folder}/${key}`;
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
