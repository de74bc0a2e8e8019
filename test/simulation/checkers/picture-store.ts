import { MillraceError } from '../../../core/internal.js';
import {
  type ByteRange,
  CHUNK_BYTES,
  type ObjectStatus,
  type ObjectStore,
} from '../../../storage/object-store/object-store.js';
import type { DiskPicture } from './disk-picture.js';

/** What a picture of a disk shows of a folder, for who reads it as a job does. Nothing can be written. */
export class PictureStore implements ObjectStore {
  readonly mayLandLate = false;
  readonly #picture: DiskPicture;
  readonly #folder: string;

  constructor(picture: DiskPicture, folder: string) {
    this.#picture = picture;
    this.#folder = folder;
  }

  describe(key: string): string {
    return `${this.#folder}/${key}`;
  }

  async *get(key: string, { offset, length }: ByteRange = WHOLE): AsyncIterable<Uint8Array> {
    const file = this.#picture.files.get(this.describe(key));
    if (file === undefined) throw new MillraceError('MR3008', `${this.describe(key)} is missing`);
    const end = Math.min(offset + length, file.length);
    for (let at = offset; at < end; at += CHUNK_BYTES)
      yield file.bytes.slice(at, Math.min(at + CHUNK_BYTES, end));
  }

  async list(prefix: string): Promise<readonly string[]> {
    const start = this.describe(prefix);
    const paths = [...this.#picture.files.keys()].filter((path) => path.startsWith(start));
    return paths.map((path) => path.slice(this.#folder.length + 1)).sort();
  }

  async head(key: string): Promise<ObjectStatus | undefined> {
    const file = this.#picture.files.get(this.describe(key));
    return file && { sizeBytes: file.length };
  }

  put(): Promise<number> {
    return Promise.reject(new Error('A picture is not written to.'));
  }

  createIfAbsent(): Promise<boolean> {
    return Promise.reject(new Error('A picture is not written to.'));
  }

  delete(): Promise<void> {
    return Promise.reject(new Error('A picture is not written to.'));
  }

  sweepUnfinished(): Promise<void> {
    return Promise.reject(new Error('A picture is not written to.'));
  }
}

const WHOLE: ByteRange = { offset: 0, length: Number.POSITIVE_INFINITY };
