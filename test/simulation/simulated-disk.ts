import { type FileEntry, invariant, type Prng } from '../../core/internal.js';

/** Invariant: `sorted`, once it was asked for, is what `names` says. */
interface Folder {
  /** Whether each is a folder. */
  readonly names: Map<string, boolean>;
  sorted: readonly FileEntry[] | undefined;
}

const NOTHING: readonly FileEntry[] = [];

/** What is in a file now. */
export interface FileView {
  readonly bytes: Uint8Array;
  /** Of the bytes, so many are the file's. */
  readonly length: number;
}

/** Hears at once of what becomes of names and bytes, as whoever looks at the disk sees it. */
export interface DiskListener {
  /** A file, whole or just begun, has one more name. */
  onFileNamed(path: string, file: FileView): void;
  onFileRemoved(path: string): void;
  /** Bytes have come, or were damaged. */
  onFileChanged(file: FileView): void;
  /** The names in a folder outlive a loss of power, as they are. */
  onFolderSynced(folder: string): void;
  /** `left`: all names that are there afterwards, and what is left of their files, which are others now. */
  onPowerLost(left: ReadonlyMap<string, FileView>): void;
}

/** A file without its names. Grows at its end only. */
export interface Inode extends FileView {
  readonly id: number;
  bytes: Uint8Array;
  length: number;
  /** Up to here the bytes survive a loss of power. */
  syncedLength: number;
  modifiedMs: number;
}

/**
 * The medium and the cache before it, shared by the processes of one simulated machine. What one process
 * writes the others see at once; what survives a loss of power is what was synced, and of the rest whatever
 * is drawn. The end of a process alone loses nothing here: see `SimulatedFileSystem.kill`.
 *
 * Invariants:
 * - a name points at one inode, in the cache and on the medium; two names may share one;
 * - `syncedLength` never exceeds `length`, and bytes below it never change, unless {@link flipBit} is called;
 * - after `crash` this disk is dead: its processes have ended with the machine.
 */
export class SimulatedDisk {
  readonly #names = new Map<string, Inode>();
  readonly #durable = new Map<string, Inode>();
  readonly #folders = new Map<string, Folder>([['/', emptyFolder()]]);
  /** Names that differ, or may differ, between cache and medium, by folder. */
  readonly #unsynced = new Map<string, Set<string>>();
  readonly #listener: DiskListener | undefined;
  #inodes = 0;
  #dead = false;
  /** Bytes of all files together, at most; appends beyond it are cut off with ENOSPC. */
  capacityBytes = Number.MAX_SAFE_INTEGER;

  constructor(listener?: DiskListener) {
    this.#listener = listener;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  find(path: string): Inode | undefined {
    return this.#names.get(path);
  }

  isFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  /** Names in a folder, sorted, and which of them are folders. The same array until a name comes or goes. */
  entries(path: string): readonly FileEntry[] {
    const folder = this.#folders.get(path);
    if (folder === undefined) return NOTHING;
    folder.sorted ??= [...folder.names]
      .map(([name, isFolder]) => ({ name, isFolder }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return folder.sorted;
  }

  /** All files, sorted, with their lengths: for checks and for printing. */
  files(): ReadonlyMap<string, number> {
    const sorted = [...this.#names].sort(([a], [b]) => (a < b ? -1 : 1));
    return new Map(sorted.map(([path, { length }]) => [path, length]));
  }

  create(path: string, nowMs: number): Inode {
    invariant(!this.#names.has(path), 'a new file has a new name', { path });
    const inode = {
      id: ++this.#inodes,
      bytes: new Uint8Array(64),
      length: 0,
      syncedLength: 0,
      modifiedMs: nowMs,
    };
    this.#name(path, inode);
    return inode;
  }

  /** Appends what the disk has room for, and says how much that was. */
  append(inode: Inode, bytes: Uint8Array, nowMs: number): number {
    const room = Math.max(0, this.capacityBytes - this.#usedBytes());
    const part = bytes.length <= room ? bytes : bytes.subarray(0, room);
    const length = inode.length + part.length;
    if (length > inode.bytes.length) {
      const grown = new Uint8Array(Math.max(length, inode.bytes.length * 2));
      grown.set(inode.bytes.subarray(0, inode.length));
      inode.bytes = grown;
    }
    inode.bytes.set(part, inode.length);
    inode.length = length;
    inode.modifiedMs = nowMs;
    this.#listener?.onFileChanged(inode);
    return part.length;
  }

  /** False if the name is taken. */
  link(inode: Inode, path: string): boolean {
    if (this.#names.has(path)) return false;
    this.#name(path, inode);
    return true;
  }

  remove(path: string): void {
    if (!this.#names.delete(path)) return;
    this.#noteUnsynced(path);
    this.#forget(path);
    this.#listener?.onFileRemoved(path);
  }

  removeTree(folder: string): void {
    for (const path of [...this.#names.keys()]) {
      if (path === folder || path.startsWith(`${folder}/`)) this.remove(path);
    }
    for (const path of [...this.#folders.keys()]) {
      if (path !== folder && !path.startsWith(`${folder}/`)) continue;
      this.#folders.delete(path);
      this.#forget(path);
    }
  }

  /** The names in a folder are from now on as they are in the cache. */
  syncFolder(folder: string): void {
    for (const path of this.#unsynced.get(folder) ?? []) {
      const inode = this.#names.get(path);
      if (inode === undefined) this.#durable.delete(path);
      else this.#durable.set(path, inode);
    }
    this.#unsynced.delete(folder);
    this.#listener?.onFolderSynced(folder);
  }

  syncBytes(inode: Inode): void {
    inode.syncedLength = inode.length;
  }

  /**
   * The machine loses power. Synced names and bytes survive; each name that was given or removed without a
   * sync may have survived or not; unsynced bytes survive up to some point, behind which zeros may stand.
   * Everything that ran on the machine has ended.
   */
  crash(prng: Prng): SimulatedDisk {
    this.#dead = true;
    const after = new SimulatedDisk(this.#listener);
    after.capacityBytes = this.capacityBytes;
    const survivors = new Map<Inode, Inode>();
    for (const path of [...new Set([...this.#names.keys(), ...this.#durable.keys()])].sort()) {
      const cached = this.#names.get(path);
      const stored = this.#durable.get(path);
      const inode = cached === stored || prng.chance(0.5) ? cached : stored;
      if (inode === undefined) continue;
      let survivor = survivors.get(inode);
      if (survivor === undefined) {
        survivor = torn(inode, prng, ++after.#inodes);
        survivors.set(inode, survivor);
      }
      after.#enter(path, false);
      after.#names.set(path, survivor);
      after.#durable.set(path, survivor);
    }
    this.#listener?.onPowerLost(after.#names);
    return after;
  }

  /** Damages a stored file, all its names: flips one drawn bit. False if there is nothing to flip. */
  flipBit(path: string, prng: Prng): boolean {
    const inode = this.#names.get(path);
    if (inode === undefined || inode.length === 0) return false;
    const at = prng.below(inode.length);
    inode.bytes[at] = (inode.bytes[at] ?? 0) ^ (1 << prng.below(8));
    this.#listener?.onFileChanged(inode);
    return true;
  }

  /** Damages a stored file: cuts it off. */
  truncate(path: string, length: number): boolean {
    const inode = this.#names.get(path);
    if (inode === undefined || inode.length <= length) return false;
    inode.length = length;
    inode.syncedLength = Math.min(inode.syncedLength, length);
    this.#listener?.onFileChanged(inode);
    return true;
  }

  #name(path: string, inode: Inode): void {
    this.#names.set(path, inode);
    this.#enter(path, false);
    this.#noteUnsynced(path);
    this.#listener?.onFileNamed(path, inode);
  }

  #noteUnsynced(path: string): void {
    const folder = folderOf(path);
    const names = this.#unsynced.get(folder);
    if (names === undefined) this.#unsynced.set(folder, new Set([path]));
    else names.add(path);
  }

  #usedBytes(): number {
    if (this.capacityBytes === Number.MAX_SAFE_INTEGER) return 0;
    let used = 0;
    for (const inode of new Set(this.#names.values())) used += inode.length;
    return used;
  }

  /** Lists a name in its folder, which is made if it is not there, as are those above. */
  #enter(path: string, isFolder: boolean): void {
    const above = folderOf(path);
    let folder = this.#folders.get(above);
    if (folder === undefined) {
      folder = emptyFolder();
      this.#folders.set(above, folder);
      this.#enter(above, true);
    }
    folder.names.set(path.slice(path.lastIndexOf('/') + 1), isFolder);
    folder.sorted = undefined;
  }

  #forget(path: string): void {
    const folder = this.#folders.get(folderOf(path));
    if (folder === undefined) return;
    folder.names.delete(path.slice(path.lastIndexOf('/') + 1));
    folder.sorted = undefined;
  }
}

function emptyFolder(): Folder {
  return { names: new Map(), sorted: undefined };
}

/** Where a path of at least one name is listed. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** What is left of a file. */
function torn(inode: Inode, prng: Prng, id: number): Inode {
  const written = prng.between(inode.syncedLength, inode.length);
  const length = prng.chance(0.5) ? written : prng.between(written, inode.length);
  const bytes = new Uint8Array(Math.max(length, 64));
  bytes.set(inode.bytes.subarray(0, written));
  return { id, bytes, length, syncedLength: length, modifiedMs: inode.modifiedMs };
}
