import { createRequire } from 'node:module';

type LmdbLibrary = typeof import('lmdb') & {
  /** By name, every database that was ever opened in this thread: the library forgets none. Not among its types. */
  readonly allDbs: Map<string, unknown>;
};

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
