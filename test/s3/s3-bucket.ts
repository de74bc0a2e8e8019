import { createHash } from 'node:crypto';

export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
}

interface Upload {
  readonly key: string;
  readonly parts: Map<number, StoredObject>;
}

/** How many changes are remembered for lists that lag behind. */
const HISTORY_MAX = 64;

/**
 * The objects of one bucket, as a strongly consistent S3 keeps them.
 *
 * Invariants: an object that was stored is not changed in place; a multipart upload is in the map until it
 * is completed or aborted, and shows no object before that.
 */
export class S3Bucket {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, Upload>();
  readonly #history: { readonly key: string; readonly before: StoredObject | undefined }[] = [];
  #nextUpload = 1;

  put(key: string, bytes: Buffer): StoredObject {
    const object = { bytes, etag: `"${md5(bytes)}"` };
    this.#set(key, object);
    return object;
  }

  delete(key: string): void {
    if (this.objects.has(key)) this.#set(key, undefined);
  }

  createUpload(key: string): string {
    const id = `upload-${this.#nextUpload++}`;
    this.uploads.set(id, { key, parts: new Map() });
    return id;
  }

  /** undefined: there is no such upload. */
  putPart(uploadId: string, partNumber: number, bytes: Buffer): StoredObject | undefined {
    const part = { bytes, etag: `"${md5(bytes)}"` };
    return this.uploads.get(uploadId)?.parts.set(partNumber, part) && part;
  }

  /** The object, or what S3 says is wrong with the request. */
  completeUpload(
    key: string,
    uploadId: string,
    named: readonly { readonly partNumber: number; readonly etag: string }[],
  ): StoredObject | 'NoSuchUpload' | 'InvalidPart' | 'EntityTooSmall' {
    const upload = this.uploads.get(uploadId);
    if (upload?.key !== key) return 'NoSuchUpload';
    const parts: Buffer[] = [];
    for (const { partNumber, etag } of named) {
      const part = upload.parts.get(partNumber);
      if (part?.etag !== etag) return 'InvalidPart';
      parts.push(part.bytes);
    }
    if (parts.length === 0) return 'InvalidPart';
    if (parts.slice(0, -1).some(({ length }) => length < 5 * 1024 * 1024)) return 'EntityTooSmall';
    this.uploads.delete(uploadId);
    const bytes = Buffer.concat(parts);
    const object = { bytes, etag: `"${md5(bytes)}-${parts.length}"` };
    this.#set(key, object);
    return object;
  }

  /** Keys below a prefix in order of bytes; as they were some changes ago. */
  keys(prefix: string, changesAgo = 0): readonly string[] {
    const view = new Map(this.objects);
    const undone = changesAgo === 0 ? [] : this.#history.slice(-changesAgo);
    for (const { key, before } of undone.toReversed()) {
      if (before === undefined) view.delete(key);
      else view.set(key, before);
    }
    return [...view.keys()]
      .filter((key) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  #set(key: string, object: StoredObject | undefined): void {
    this.#history.push({ key, before: this.objects.get(key) });
    if (this.#history.length > HISTORY_MAX) this.#history.shift();
    if (object === undefined) this.objects.delete(key);
    else this.objects.set(key, object);
  }
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
