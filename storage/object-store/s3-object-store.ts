import { MillraceError, type Prng } from '../../core/internal.js';
import type { CreateTimers } from './alarms.js';
import {
  assertObjectKey,
  assertObjectPrefix,
  type ByteRange,
  isObjectKey,
  type ObjectStatus,
  type ObjectStore,
} from './object-store.js';
import { PartBuffer } from './part-buffer.js';
import { RecentKeys } from './recent-keys.js';
import { download } from './s3-download.js';
import { S3Failure, s3Error, toS3Failure } from './s3-failure.js';
import { S3MultipartUpload, type UploadChannel } from './s3-multipart-upload.js';
import type { S3Requests } from './s3-requests.js';
import { S3Retries, type S3RetryPolicy } from './s3-retries.js';

/** What an S3 store may use. Plain data. */
export interface S3Limits extends S3RetryPolicy {
  /** Length of a part of an upload; what is shorter goes in one piece. */
  readonly partBytes: number;
  /** Parts of one upload under way at once: with the one being filled they are what an upload holds in memory. */
  readonly partsAtOnce: number;
}

/** Where a store's keys lie. */
export interface S3Place {
  readonly bucket: string;
  /** Empty, or ending in a slash. */
  readonly prefix: string;
}

/** How time and chance come in. */
export interface S3Surroundings {
  readonly createTimers: CreateTimers;
  /** Spreads retries. */
  readonly jitter: Prng;
}

const DELETES_AT_ONCE = 1000;
const SINGLE_DELETES_AT_ONCE = 8;

/**
 * Objects of an S3 bucket, below a prefix.
 *
 * Invariants:
 * - every object is written on the condition that there is none (`If-None-Match: *`), so none is ever replaced;
 * - a write whose answer was lost is tried again, and if the object is there then, what it holds says who wrote it:
 *   so a write that rejects was not found to have taken effect, and one that was carried out twice is done once;
 * - memory is bounded by `partBytes * (partsAtOnce + 1)` for each upload and by 10 MiB for each download;
 * - a list holds what this instance wrote, and nothing that it deleted, even where the server's lists lag behind.
 */
export class S3ObjectStore implements ObjectStore {
  readonly mayLandLate = true;
  readonly #requests: S3Requests;
  readonly #retries: S3Retries;
  readonly #place: S3Place;
  readonly #limits: S3Limits;
  readonly #channel: UploadChannel;
  readonly #written = new RecentKeys();
  readonly #deleted = new RecentKeys();
  readonly #uploads = new Set<string>();
  #deletesSingly = false;

  constructor(requests: S3Requests, place: S3Place, limits: S3Limits, surroundings: S3Surroundings) {
    this.#requests = requests;
    this.#place = place;
    this.#limits = limits;
    this.#retries = new S3Retries(limits, surroundings.createTimers, surroundings.jitter);
    this.#channel = { requests, retries: this.#retries, ...limits };
  }

  describe(key: string): string {
    return `s3://${this.#place.bucket}/${this.#place.prefix}${key}`;
  }

  /**
   * Finds out whether the server creates objects only where there are none, on which the one leader of a job
   * rests: there are servers that refuse the condition, and servers that do not look at it. The object of the
   * key is for this question alone, and stays: the next time, one request answers it. Rejects with MR3009.
   */
  async assertConditionalCreate(key: string): Promise<void> {
    const path = this.#path(key);
    try {
      for (let creations = 0; creations < 2; creations++) {
        await this.#retries.run((signal) => this.#requests.create(path, new Uint8Array(1), signal));
      }
    } catch (error) {
      const kind = error instanceof S3Failure ? error.kind : undefined;
      if (kind === 'exists') return;
      if (kind !== 'not-implemented') throw this.#told(error, 'Writing', key);
    }
    throw new MillraceError('MR3009', `${this.describe('')} does not create objects conditionally`, {
      where: { at: 'execution.checkpointing.dir' },
      why: 'the server does not obey If-None-Match: two processes could both lead a job, and commit twice',
      hint: 'keep checkpoints on a server that does (AWS S3 and most others), or in a folder',
    });
  }

  async *get(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    const path = this.#path(key);
    try {
      if (range?.length === 0) {
        await this.#retries.run((signal) => this.#requests.head(path, signal));
        return;
      }
      const read = (offset: number, length: number, given: AbortSignal) =>
        this.#retries.run((signal) => this.#requests.get(path, offset, length, signal), given);
      yield* download(read, range);
    } catch (error) {
      throw this.#told(error, 'Reading', key);
    }
  }

  async put(key: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    const path = this.#path(key);
    const buffer = new PartBuffer(this.#limits.partsAtOnce);
    const giveBack = buffer.giveBack.bind(buffer);
    let upload: S3MultipartUpload | undefined;
    let limit = this.#limits.partBytes;
    try {
      for await (const chunk of content) {
        for (let at = 0; at < chunk.length; ) {
          if (buffer.length === limit) {
            upload ??= await this.#beginUpload(path);
            await upload.add(buffer.take(), giveBack);
            limit = upload.nextPartBytes;
          }
          at += buffer.add(chunk.subarray(at), limit);
        }
      }
      const length = upload === undefined ? await this.#putWhole(key, buffer.take()) : undefined;
      if (length !== undefined) return length;
      await upload?.add(buffer.take(), giveBack);
      return (await upload?.complete()) ?? 0;
    } catch (error) {
      await upload?.abort();
      if (error instanceof S3Failure && error.kind === 'exists') throw this.#isTaken(key);
      throw this.#told(error, 'Writing', key);
    } finally {
      if (upload !== undefined) this.#uploads.delete(upload.uploadId);
    }
  }

  async createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      const created = await this.#create(this.#path(key), bytes);
      if (created) this.#written.add(key);
      return created;
    } catch (error) {
      throw this.#told(error, 'Creating', key);
    }
  }

  async list(prefix: string): Promise<readonly string[]> {
    assertObjectPrefix(prefix);
    try {
      const found = await this.#listed(prefix);
      for (const key of this.#written.missingFrom(found, prefix)) {
        if (await this.#exists(key)) found.add(key);
        else this.#written.remove(key);
      }
      for (const key of this.#deleted.all()) found.delete(key);
      return [...found].sort();
    } catch (error) {
      throw this.#told(error, 'Listing', prefix);
    }
  }

  async head(key: string): Promise<ObjectStatus | undefined> {
    const path = this.#path(key);
    try {
      const sizeBytes = await this.#retries.run((signal) => this.#requests.head(path, signal));
      return { sizeBytes };
    } catch (error) {
      if (error instanceof S3Failure && error.kind === 'missing') return undefined;
      throw this.#told(error, 'Looking for', key);
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    const paths = keys.map((key) => this.#path(key));
    try {
      for (let at = 0; at < paths.length; at += DELETES_AT_ONCE) {
        await this.#deleteSome(paths.slice(at, at + DELETES_AT_ONCE));
      }
    } catch (error) {
      throw this.#told(error, 'Deleting', keys[0] ?? '');
    }
    for (const key of keys) {
      this.#written.remove(key);
      this.#deleted.add(key);
    }
  }

  async sweepUnfinished(): Promise<void> {
    const { prefix } = this.#place;
    try {
      const uploads = await this.#retries.run((signal) => this.#requests.listUploads(prefix, signal));
      for (const upload of uploads) {
        if (this.#uploads.has(upload.uploadId)) continue;
        await tolerating(['no-upload', 'missing'], () =>
          this.#retries.run((signal) => this.#requests.abortUpload(upload, signal)),
        );
      }
    } catch (error) {
      // A server that cannot say what is unfinished keeps it: that is space, and nothing else.
      if (error instanceof S3Failure && error.kind === 'not-implemented') return;
      throw this.#told(error, 'Sweeping', '');
    }
  }

  #path(key: string): string {
    assertObjectKey(key);
    return `${this.#place.prefix}${key}`;
  }

  async #beginUpload(path: string): Promise<S3MultipartUpload> {
    const upload = await S3MultipartUpload.begin(this.#channel, path);
    this.#uploads.add(upload.uploadId);
    return upload;
  }

  async #putWhole(key: string, bytes: Uint8Array): Promise<number> {
    if (!(await this.#create(this.#path(key), bytes))) throw this.#isTaken(key);
    return bytes.length;
  }

  /** False: there is an object, and these bytes did not make it. */
  async #create(path: string, bytes: Uint8Array): Promise<boolean> {
    let tries = 0;
    return this.#retries.run(async (signal) => {
      // What came of the tries before is not known.
      const unsure = tries++ > 0;
      try {
        await this.#requests.create(path, bytes, signal);
        return true;
      } catch (error) {
        const { kind } = toS3Failure(error);
        if (kind === 'exists') return unsure && (await this.#holds(path, bytes, signal));
        throw error;
      }
    });
  }

  async #holds(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<boolean> {
    if (bytes.length === 0) return (await this.#requests.head(path, signal)) === 0;
    try {
      const piece = await this.#requests.get(path, 0, bytes.length, signal);
      return piece.sizeBytes === bytes.length && Buffer.compare(piece.bytes, bytes) === 0;
    } catch (error) {
      // Removed again meanwhile: then it was there, and its time is over.
      if (toS3Failure(error).kind === 'missing') return false;
      throw error;
    }
  }

  async #listed(prefix: string): Promise<Set<string>> {
    const { prefix: above } = this.#place;
    const found = new Set<string>();
    for (let from: string | undefined; ; ) {
      const page = await this.#retries.run((signal) => this.#requests.list(above + prefix, from, signal));
      for (const path of page.keys) {
        const key = path.slice(above.length);
        if (isObjectKey(key)) found.add(key);
      }
      if (page.next === undefined) return found;
      from = page.next;
    }
  }

  async #exists(key: string): Promise<boolean> {
    return (await this.head(key)) !== undefined;
  }

  async #deleteSome(paths: readonly string[]): Promise<void> {
    if (paths.length > 1 && !this.#deletesSingly) {
      try {
        await this.#retries.run((signal) => this.#requests.deleteMany(paths, signal));
        return;
      } catch (error) {
        const { kind } = toS3Failure(error);
        if (kind !== 'not-implemented' && kind !== 'refused') throw error;
        this.#deletesSingly = true;
      }
    }
    for (let at = 0; at < paths.length; at += SINGLE_DELETES_AT_ONCE) {
      const some = paths.slice(at, at + SINGLE_DELETES_AT_ONCE);
      await Promise.all(some.map((path) => this.#deleteOne(path)));
    }
  }

  #deleteOne(path: string): Promise<void> {
    return tolerating(['missing'], () => this.#retries.run((signal) => this.#requests.delete(path, signal)));
  }

  #isTaken(key: string): MillraceError {
    const at = this.describe(key);
    return new MillraceError('MR3001', `The object ${at} exists already`, {
      where: { at },
      why: 'a key is written once',
      hint: 'see who else writes below this prefix',
    });
  }

  #told(error: unknown, doing: string, key: string): unknown {
    return error instanceof S3Failure ? s3Error(error, doing, this.describe(key)) : error;
  }
}

async function tolerating(kinds: readonly string[], request: () => Promise<unknown>): Promise<void> {
  try {
    await request();
  } catch (error) {
    if (!(error instanceof S3Failure) || !kinds.includes(error.kind)) throw error;
  }
}
