import type {
  AppendableFile,
  FileEntry,
  FileStatus,
  FileSystem,
  ReadableFile,
} from '../../../core/internal.js';
import { MillraceError } from '../../../core/internal.js';

interface MemoryFile {
  readonly identity: string;
  bytes: Uint8Array;
}

/**
 * A disk in a map. Reads give at most `readBytes` at a time, so that what crosses a border is tested; a
 * failure can be planned for the n-th operation from now.
 */
export class MemoryFileSystem implements FileSystem {
  readonly files = new Map<string, MemoryFile>();
  readBytes = Number.POSITIVE_INFINITY;
  #identities = 0;
  #failIn = Number.POSITIVE_INFINITY;
  #failWith: Error | undefined;

  put(path: string, content: string | Uint8Array): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    this.files.set(path, { identity: String(++this.#identities), bytes });
  }

  text(path: string): string {
    return Buffer.from(this.#existing(path).bytes).toString();
  }

  paths(): string[] {
    return [...this.files.keys()].sort();
  }

  failIn(operations: number, error: Error): void {
    this.#failIn = operations;
    this.#failWith = error;
  }

  async openRead(path: string): Promise<ReadableFile> {
    this.#operation();
    const file = this.#existing(path);
    const readNow = (offset: number, length: number): Uint8Array => {
      this.#operation();
      const end = Math.min(offset + Math.min(length, this.readBytes), file.bytes.length);
      return file.bytes.slice(offset, end);
    };
    return {
      sizeBytes: file.bytes.length,
      read: async (offset, length) => readNow(offset, length),
      readNow,
      close: async () => {},
    };
  }

  async create(path: string): Promise<AppendableFile> {
    this.#operation();
    if (this.files.has(path)) throw new MillraceError('MR3001', `${path} exists.`);
    const file: MemoryFile = { identity: String(++this.#identities), bytes: new Uint8Array(0) };
    this.files.set(path, file);
    return {
      append: async (bytes) => {
        this.#operation();
        file.bytes = Buffer.concat([file.bytes, bytes]);
      },
      sync: async () => this.#operation(),
      close: async () => this.#operation(),
    };
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    this.#operation();
    return this.files.get(path)?.bytes;
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    this.#operation();
    const file = this.files.get(path);
    if (file !== undefined) {
      return { sizeBytes: file.bytes.length, modifiedMs: 0, isFolder: false, identity: file.identity };
    }
    const folder = path.endsWith('/') ? path : `${path}/`;
    for (const name of this.files.keys()) {
      if (name.startsWith(folder)) return { sizeBytes: 0, modifiedMs: 0, isFolder: true, identity: path };
    }
    return undefined;
  }

  async list(folder: string): Promise<readonly FileEntry[]> {
    this.#operation();
    const start = folder.endsWith('/') ? folder : `${folder}/`;
    const entries = new Map<string, FileEntry>();
    for (const path of this.files.keys()) {
      if (!path.startsWith(start)) continue;
      const [name = '', ...below] = path.slice(start.length).split('/');
      entries.set(name, { name, isFolder: below.length > 0 });
    }
    return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async visitNames(folder: string, visit: (name: string) => void): Promise<void> {
    for (const { name } of await this.list(folder)) visit(name);
  }

  async link(existing: string, path: string): Promise<boolean> {
    this.#operation();
    const file = this.#existing(existing);
    if (this.files.has(path)) return false;
    this.files.set(path, file);
    return true;
  }

  async syncFolder(): Promise<void> {
    this.#operation();
  }

  async remove(path: string): Promise<void> {
    this.#operation();
    this.files.delete(path);
  }

  async removeTree(folder: string): Promise<void> {
    this.#operation();
    for (const path of [...this.files.keys()]) {
      if (path.startsWith(`${folder}/`)) this.files.delete(path);
    }
  }

  #existing(path: string): MemoryFile {
    const file = this.files.get(path);
    if (file === undefined) throw new MillraceError('MR3008', `${path} does not exist.`);
    return file;
  }

  #operation(): void {
    this.#failIn--;
    if (this.#failIn >= 0 || this.#failWith === undefined) return;
    const error = this.#failWith;
    this.#failWith = undefined;
    throw error;
  }
}
