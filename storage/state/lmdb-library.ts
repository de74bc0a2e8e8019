import { createRequire } from 'node:module';

/**
 * What is asked of the native library, in types of our own: those that it ships do not compile for a user who has
 * libraries checked, and what is exported here is among the declarations that users get.
 */
interface LmdbLibrary {
  open(options: LmdbOptions): LmdbDatabase;
  /** By name, every database that was ever opened in this thread: the library forgets none. Not among its types. */
  readonly allDbs: Map<string, unknown>;
}

interface LmdbOptions {
  readonly path: string;
  readonly encoding: 'binary';
  readonly keyEncoding: 'binary';
  readonly noSync: boolean;
  readonly noMemInit: boolean;
  readonly noReadAhead: boolean;
  readonly cache: boolean;
}

export interface LmdbDatabase {
  /** The bytes are valid until the next call. */
  getBinaryFast(key: Uint8Array): Uint8Array | undefined;
  getRange(range: LmdbRange): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
  resetReadTxn(): void;
  useReadTransaction(): LmdbReadTransaction;
  transactionSync(work: () => void): void;
  putSync(key: Uint8Array, value: Uint8Array): void;
  removeSync(key: Uint8Array): void;
  getStats(): object;
  close(): Promise<void>;
}

export interface LmdbRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly snapshot: boolean;
  readonly transaction?: LmdbReadTransaction;
}

interface LmdbReadTransaction {
  done(): void;
}

let library: LmdbLibrary | undefined;

/** The native library, loaded by the first who asks for it: most threads never open an environment. */
export function lmdbLibrary(): LmdbLibrary {
  library ??= createRequire(import.meta.url)('lmdb') as LmdbLibrary;
  return library;
}

/** For a thread that is going to open an environment, while it has nothing else to do. */
export function preloadLmdb(): void {
  lmdbLibrary();
}
