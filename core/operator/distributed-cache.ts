import { MillraceError } from '../base/millrace-error.js';
import { nearest } from '../base/nearest.js';
import { decodeUtf8 } from '../base/utf8.js';
import type { CachedFileEntry } from '../graph/job-graph.js';

/**
 * A file of the job, as it was when the job was started.
 *
 * @example
 * ```ts
 * let names: Record<string, string> = {};
 * env.registerCachedFile('data/airports.json', 'airports');
 * const named = flights.map<string>({
 *   open(ctx) {
 *     names = JSON.parse(ctx.getDistributedCache().getFile('airports').text());
 *   },
 *   map: (flight) => names[flight.origin] ?? flight.origin,
 * });
 * ```
 */
export interface CachedFile {
  readonly name: string;
  /** Where it lies: absolute. It may have been changed there since. */
  readonly path: string;
  /** Whether it was registered as something to be run, and can be. */
  readonly isExecutable: boolean;
  readonly sizeBytes: number;
  /** A copy of its content, at each call. */
  bytes(): Uint8Array;
  /** @throws MillraceError MR1010 if it is no UTF-8 */
  text(): string;
}

/** The files that the job registered. They are read once, when the job is started; all threads see the same. */
export interface DistributedCache {
  /** @throws MillraceError MR1010 if no file was registered under that name */
  getFile(name: string): CachedFile;
}

/** A registered file and what was read of it. Plain data; the bytes may be shared by all threads. */
export interface CachedFileContent extends CachedFileEntry {
  readonly bytes: Uint8Array;
}

/** {@link DistributedCache} of one thread. */
export class FileCache implements DistributedCache {
  readonly #files: ReadonlyMap<string, CachedFile>;

  constructor(contents: readonly CachedFileContent[] = []) {
    this.#files = new Map(contents.map((content) => [content.name, new ReadFile(content)]));
  }

  getFile(name: string): CachedFile {
    const file = this.#files.get(name);
    if (file !== undefined) return file;
    const near = nearest(name, this.#files.keys());
    throw new MillraceError('MR1010', `No file was registered under the name '${String(name)}'.`, {
      hint:
        near === undefined
          ? `Register it where the job is described: env.registerCachedFile(path, '${String(name)}').`
          : `Was '${near}' meant?`,
    });
  }
}

class ReadFile implements CachedFile {
  readonly name: string;
  readonly path: string;
  readonly isExecutable: boolean;
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;

  constructor({ name, path, isExecutable, bytes }: CachedFileContent) {
    this.name = name;
    this.path = path;
    this.isExecutable = isExecutable;
    this.sizeBytes = bytes.length;
    this.#bytes = bytes;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  text(): string {
    const text = decodeUtf8(this.#bytes);
    if (text !== undefined) return text;
    throw new MillraceError('MR1010', `The cached file '${this.name}' is no text in UTF-8.`, {
      where: { at: this.path },
      hint: 'Read its bytes().',
    });
  }
}
