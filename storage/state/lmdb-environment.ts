import { mkdirSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { invariant } from '../../core/internal.js';
import { type LmdbDatabase, type LmdbRange, lmdbLibrary } from './lmdb-library.js';

/** Values of a key are shown to the visitor only during the call. */
export type EntryVisitor = (key: Uint8Array, value: Uint8Array) => boolean;

/** Entries of the environment as they were at one moment. Pins the pages of that moment until it is closed. */
export interface LmdbSnapshot {
  scan(start: Uint8Array, end: Uint8Array, visit: EntryVisitor): void;
  close(): void;
}

/**
 * One LMDB environment, as one thread sees it: byte keys, byte values. It is a working copy, thrown away on
 * recovery: nothing is synced to disk (`noSync`), and it lives in a folder of its own.
 *
 * Only the state writer writes; task threads read. A reader sees what was committed when it last called
 * {@link refresh}.
 */
export class LmdbEnvironment {
  readonly #path: string;
  readonly #db: LmdbDatabase;
  #open = true;

  /** Makes the folder if need be. */
  constructor(path: string) {
    // LMDB takes a path with a dot in its last part for a file.
    invariant(!basename(path).includes('.'), 'the folder of an LMDB environment has no dot in its name', {
      path,
    });
    mkdirSync(path, { recursive: true });
    this.#path = path;
    const options = {
      path,
      encoding: 'binary' as const,
      keyEncoding: 'binary' as const,
      noSync: true,
      noMemInit: true,
      // Keys are looked up at random: of a tree that is larger than what is left of memory, 31 of 32 pages that the
      // system would read ahead are never looked at.
      noReadAhead: true,
      cache: false,
    };
    this.#db = lmdbLibrary().open(options);
  }

  /** The value's bytes, valid until the next call. */
  get(key: Uint8Array): Uint8Array | undefined {
    const found = this.#db.getBinaryFast(key);
    return found === undefined ? undefined : plain(found);
  }

  /** Visits entries with start <= key < end, ascending, until the visitor returns false. */
  scan(start: Uint8Array, end: Uint8Array, visit: EntryVisitor): void {
    this.#scan({ start, end }, visit);
  }

  /** From now on the latest commit is seen. */
  refresh(): void {
    this.#db.resetReadTxn();
  }

  /** The latest commit, whatever is committed after it. */
  snapshot(): LmdbSnapshot {
    this.refresh();
    const transaction = this.#db.useReadTransaction();
    let isOpen = true;
    return {
      scan: (start, end, visit) => this.#scan({ start, end, transaction }, visit),
      close: () => {
        if (isOpen) transaction.done();
        isOpen = false;
      },
    };
  }

  /** Runs `work` in one write transaction, synchronously; a throw undoes it all. */
  transact(work: () => void): void {
    this.#db.transactionSync(work);
  }

  /** In a transaction. */
  put(key: Uint8Array, value: Uint8Array): void {
    this.#db.putSync(key, value);
  }

  /** In a transaction. */
  delete(key: Uint8Array): void {
    this.#db.removeSync(key);
  }

  /** Bytes of the pages that hold entries. */
  get storedBytes(): number {
    const stats = this.#db.getStats() as {
      readonly pageSize: number;
      readonly treeLeafPageCount: number;
      readonly overflowPages: number;
    };
    return (stats.treeLeafPageCount + stats.overflowPages) * stats.pageSize;
  }

  /** Size of the file: pages that are free in it count. */
  get fileBytes(): number {
    const { pageSize, lastPageNumber } = this.#db.getStats() as {
      readonly pageSize: number;
      readonly lastPageNumber: number;
    };
    return (lastPageNumber + 1) * pageSize;
  }

  /** Idempotent. Settles at once where nothing is written. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#db.close();
    // Each attempt at a task has another name, and the thread of the state writer outlives them all.
    const { allDbs } = lmdbLibrary();
    const name = basename(this.#path);
    if (allDbs.get(name) === this.#db) allDbs.delete(name);
  }

  /** Closes the environment and removes its folder; who still reads it has its files until he closes, too. */
  async remove(): Promise<void> {
    await this.close();
    rmSync(this.#path, { recursive: true, force: true });
  }

  #scan(range: Omit<LmdbRange, 'snapshot'>, visit: EntryVisitor): void {
    for (const { key, value } of this.#db.getRange({ ...range, snapshot: false })) {
      if (!visit(plain(key), plain(value))) return;
    }
  }
}

/** LMDB gives Buffers, whose `slice` copies nothing: what is handed on has the methods it seems to have. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
