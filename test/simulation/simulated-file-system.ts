import { dirname } from 'node:path/posix';
import type { AppendableFile, FileEntry, FileStatus, FileSystem, ReadableFile } from '../../core/internal.js';
import { fileError } from '../../storage/index.js';
import {
  type DiskErrno,
  type DiskFault,
  type DiskFaultPlan,
  type DiskOperation,
  type DiskOperationKind,
  NO_DISK_FAULTS,
} from './disk-fault-plan.js';
import type { Inode, SimulatedDisk } from './simulated-disk.js';

export interface SimulatedFileSystemOptions {
  readonly faults?: DiskFaultPlan;
  /** Wall time for modification times, ms. */
  readonly nowMs?: () => number;
}

/**
 * The file system as one simulated process sees it: a view of a {@link SimulatedDisk}, with faults by plan.
 *
 * Invariants:
 * - promises settle by microtasks only: nothing depends on time, and the same calls settle in the same order;
 * - an operation takes effect at once or not at all, except for an append that runs out of space;
 * - after `kill`, or once the disk has crashed, no call takes effect and none ever settles: the code that
 *   waits for it has ended with its process.
 *
 * @example
 * const disk = new SimulatedDisk();
 * const first = new SimulatedFileSystem(disk, { faults: new RandomDiskFaults(prng.fork(), rates) });
 * first.kill();                                   // kill -9: what was written stays
 * const rebooted = disk.crash(prng);              // loss of power: what was not synced may be gone
 * const second = new SimulatedFileSystem(rebooted);
 */
export class SimulatedFileSystem implements FileSystem {
  readonly #disk: SimulatedDisk;
  readonly #faults: DiskFaultPlan;
  readonly #nowMs: () => number;
  #operations = 0;
  #killed = false;

  constructor(disk: SimulatedDisk, options: SimulatedFileSystemOptions = {}) {
    this.#disk = disk;
    this.#faults = options.faults ?? NO_DISK_FAULTS;
    this.#nowMs = options.nowMs ?? (() => 0);
  }

  /** How many operations were begun: to place a crash, run once and draw a number below this. */
  get operationCount(): number {
    return this.#operations;
  }

  /** The process ends here and now. */
  kill(): void {
    this.#killed = true;
  }

  openRead(path: string): Promise<ReadableFile> {
    return this.run('open', path, () => {
      const inode = this.#disk.find(path);
      if (inode === undefined) throw errnoError('ENOENT');
      return new SimulatedReadableFile(this, path, inode);
    });
  }

  create(path: string): Promise<AppendableFile> {
    return this.run('create', path, () => {
      if (this.#disk.find(path) !== undefined || this.#disk.isFolder(path)) throw errnoError('EEXIST');
      return new SimulatedAppendableFile(this, this.#disk, path, this.#disk.create(path, this.#nowMs()));
    });
  }

  readFile(path: string): Promise<Uint8Array | undefined> {
    return this.read(path, () => {
      const inode = this.#disk.find(path);
      return inode?.bytes.slice(0, inode.length);
    });
  }

  stat(path: string): Promise<FileStatus | undefined> {
    return this.run('look at', path, () => {
      const inode = this.#disk.find(path);
      if (inode !== undefined) {
        return {
          sizeBytes: inode.length,
          modifiedMs: inode.modifiedMs,
          isFolder: false,
          identity: `file ${inode.id}`,
        };
      }
      if (!this.#disk.isFolder(path)) return undefined;
      return { sizeBytes: 0, modifiedMs: 0, isFolder: true, identity: `folder ${path}` };
    });
  }

  list(folder: string): Promise<readonly FileEntry[]> {
    return this.run('list', folder, () => this.#disk.entries(folder));
  }

  /** In the order of the names. */
  visitNames(folder: string, visit: (name: string) => void): Promise<void> {
    return this.run('list', folder, () => {
      for (const { name } of this.#disk.entries(folder)) visit(name);
    });
  }

  /** Two operations, as on a real disk: process or power may end when the name is seen and not yet durable. */
  async link(existing: string, path: string): Promise<boolean> {
    const given = await this.run('link', path, () => {
      const inode = this.#disk.find(existing);
      if (inode === undefined) throw errnoError('ENOENT');
      return this.#disk.link(inode, path);
    });
    await this.syncFolder(dirname(path));
    return given;
  }

  remove(path: string): Promise<void> {
    return this.run('remove', path, () => this.#disk.remove(path));
  }

  removeTree(folder: string): Promise<void> {
    return this.run('remove', folder, () => this.#disk.removeTree(folder));
  }

  syncFolder(folder: string): Promise<void> {
    return this.run('sync', folder, () => this.#disk.syncFolder(folder));
  }

  /** For the files of this view: one operation, with what the plan does to it. */
  async run<T>(kind: DiskOperationKind, path: string, effect: (fault?: DiskFault) => T): Promise<T> {
    const fault = await this.#begin({ kind, path, bytes: 0 });
    try {
      if (fault?.kind === 'fail') throw errnoError(fault.errno);
      const outcome = effect(fault);
      if (fault?.kind === 'fail-after') throw errnoError(fault.errno);
      return outcome;
    } catch (error) {
      throw fileError(kind, path, error);
    }
  }

  /** As `run`, of bytes that are nobody else's: one bit of them may come over wrong. */
  read<T extends Uint8Array | undefined>(path: string, effect: () => T): Promise<T> {
    return this.run('read', path, (fault) => {
      const bytes = effect();
      if (fault?.kind === 'flip' && bytes !== undefined && bytes.length > 0) flipBit(bytes, fault.at);
      return bytes;
    });
  }

  /** An append, which may get only half of its bytes there. */
  async append(path: string, inode: Inode, bytes: Uint8Array): Promise<void> {
    const fault = await this.#begin({ kind: 'append to', path, bytes: bytes.length });
    const length = fault?.kind === 'fail' ? 0 : fault?.kind === 'short' ? fault.bytes : bytes.length;
    const written = this.#disk.append(inode, bytes.subarray(0, length), this.#nowMs());
    const errno =
      written < length ? 'ENOSPC' : fault !== undefined && 'errno' in fault ? fault.errno : undefined;
    if (errno !== undefined) throw fileError('append to', path, errnoError(errno));
  }

  /** Asks the plan, and takes the time that it says. */
  async #begin(operation: Omit<DiskOperation, 'number'>): Promise<DiskFault | undefined> {
    if (this.#isOver) await forever();
    let fault = this.#faults.faultOf({ number: ++this.#operations, ...operation });
    if (fault?.kind === 'hold') {
      await fault.until;
      fault = fault.afterwards;
    }
    const turns = fault?.kind === 'delay' ? fault.turns : 0;
    for (let turn = 0; turn <= turns; turn++) await undefined;
    if (this.#isOver) await forever();
    return fault;
  }

  get #isOver(): boolean {
    return this.#killed || this.#disk.isDead;
  }
}

function flipBit(bytes: Uint8Array, at: number): void {
  const bit = Math.floor(at * bytes.length * 8);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}

/** For who waits for a process that has ended. A promise of its own: a shared one would keep all who wait for it. */
function forever(): Promise<never> {
  return new Promise<never>(() => undefined);
}

class SimulatedReadableFile implements ReadableFile {
  readonly #view: SimulatedFileSystem;
  readonly #path: string;
  readonly #inode: Inode;
  readonly sizeBytes: number;

  constructor(view: SimulatedFileSystem, path: string, inode: Inode) {
    this.#view = view;
    this.#path = path;
    this.#inode = inode;
    this.sizeBytes = inode.length;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#view.read(this.#path, () => this.readNow(offset, length));
  }

  /** Never fails: who reads while the thread waits is between two faults. */
  readNow(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.#inode.length);
    return this.#inode.bytes.slice(Math.min(offset, end), end);
  }

  close(): Promise<void> {
    return this.#view.run('close', this.#path, () => undefined);
  }
}

class SimulatedAppendableFile implements AppendableFile {
  readonly #view: SimulatedFileSystem;
  readonly #disk: SimulatedDisk;
  readonly #path: string;
  readonly #inode: Inode;

  constructor(view: SimulatedFileSystem, disk: SimulatedDisk, path: string, inode: Inode) {
    this.#view = view;
    this.#disk = disk;
    this.#path = path;
    this.#inode = inode;
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#view.append(this.#path, this.#inode, bytes);
  }

  sync(): Promise<void> {
    return this.#view.run('sync', this.#path, () => {
      this.#disk.syncBytes(this.#inode);
      this.#disk.syncFolder(dirname(this.#path));
    });
  }

  close(): Promise<void> {
    return this.#view.run('close', this.#path, () => undefined);
  }
}

function errnoError(errno: DiskErrno | 'ENOENT' | 'EEXIST'): Error {
  return Object.assign(new Error(`${errno}, simulated`), { code: errno });
}
