import { invariant } from '../../core/internal.js';
import { toS3Failure } from './s3-failure.js';
import type { S3Requests, S3Upload } from './s3-requests.js';
import type { S3Retries } from './s3-retries.js';

/** After so many parts they get twice as large, so that S3's 10,000 are never reached. */
const PARTS_OF_A_SIZE = 2_000;

/** What an upload does its requests with. */
export interface UploadChannel {
  readonly requests: S3Requests;
  readonly retries: S3Retries;
  readonly partBytes: number;
  readonly partsAtOnce: number;
}

/**
 * One object in parts, several of them under way at once.
 *
 * Invariants:
 * - at most `partsAtOnce` parts are under way, and each is in memory until it is there;
 * - nothing of the object is seen before `complete` has begun;
 * - a failed part fails all that follows; then, or by `abort`, the server is told to forget the upload.
 */
export class S3MultipartUpload {
  readonly #channel: UploadChannel;
  readonly #upload: S3Upload;
  readonly #tags: string[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #gone = new AbortController();
  #parts = 0;
  #sizeBytes = 0;
  #failure: unknown;

  private constructor(channel: UploadChannel, upload: S3Upload) {
    this.#channel = channel;
    this.#upload = upload;
  }

  static async begin(channel: UploadChannel, key: string): Promise<S3MultipartUpload> {
    const uploadId = await channel.retries.run((signal) => channel.requests.createUpload(key, signal));
    return new S3MultipartUpload(channel, { key, uploadId });
  }

  get uploadId(): string {
    return this.#upload.uploadId;
  }

  /** Length of the next part, unless it is the last. */
  get nextPartBytes(): number {
    return this.#channel.partBytes * 2 ** Math.floor(this.#parts / PARTS_OF_A_SIZE);
  }

  /**
   * Sends a part off; resolves when there is room for the next. The bytes belong to the upload until they are given
   * back: where a try failed they never are, since it may still be reading them.
   */
  async add<B extends Uint8Array>(bytes: B, giveBack: (bytes: B) => void): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const number = ++this.#parts;
    this.#sizeBytes += bytes.length;
    const sent: Promise<void> = this.#send(number, bytes).then((tries) => {
      this.#underWay.delete(sent);
      if (tries === 1) giveBack(bytes);
    });
    this.#underWay.add(sent);
    while (this.#underWay.size >= this.#channel.partsAtOnce) await Promise.race(this.#underWay);
  }

  /** Makes the object of the parts. Rejects with `exists` if there was one of that name. */
  async complete(): Promise<number> {
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
    invariant(this.#tags.length === this.#parts, 'every part has a tag', { parts: this.#parts });
    const { requests, retries } = this.#channel;
    let tries = 0;
    await retries.run(async (signal) => {
      const unsure = tries++ > 0;
      try {
        await requests.completeUpload(this.#upload, this.#tags, signal);
      } catch (error) {
        const { kind } = toS3Failure(error);
        // An answer was lost: the upload that is gone may have become the object.
        const mayBeDone = unsure && (kind === 'no-upload' || kind === 'exists' || kind === 'missing');
        if (mayBeDone && (await this.#isDone(signal))) return;
        throw error;
      }
    });
    return this.#sizeBytes;
  }

  /** Gives the upload up. Never rejects. */
  async abort(): Promise<void> {
    this.#gone.abort();
    await Promise.allSettled(this.#underWay);
    const { requests, retries } = this.#channel;
    try {
      await retries.run((signal) => requests.abortUpload(this.#upload, signal));
    } catch {
      // What is left is space; the next leader sweeps it.
    }
  }

  /** Whether the upload is gone and an object of its length is there. */
  async #isDone(signal: AbortSignal): Promise<boolean> {
    const { requests } = this.#channel;
    const { key, uploadId } = this.#upload;
    try {
      const uploads = await requests.listUploads(key, signal);
      if (uploads.some((upload) => upload.uploadId === uploadId)) return false;
      return (await requests.head(key, signal)) === this.#sizeBytes;
    } catch (error) {
      if (toS3Failure(error).kind === 'missing') return false;
      throw error;
    }
  }

  /** Never rejects: a failure is kept for who comes next. Resolves to the number of tries. */
  async #send(number: number, bytes: Uint8Array): Promise<number> {
    const { requests, retries } = this.#channel;
    let tries = 0;
    try {
      const put = (signal: AbortSignal) => {
        tries++;
        return requests.putPart(this.#upload, number, bytes, signal);
      };
      this.#tags[number - 1] = await retries.run(put, this.#gone.signal);
    } catch (error) {
      this.#failure ??= error;
      this.#gone.abort();
      return Number.POSITIVE_INFINITY;
    }
    return tries;
  }
}
