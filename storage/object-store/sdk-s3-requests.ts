import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { MillraceError } from '../../core/internal.js';
import { S3Failure, toS3Failure } from './s3-failure.js';
import type { S3Page, S3Piece, S3Requests, S3Upload } from './s3-requests.js';

/** Where a bucket is and how it is spoken to. Plain data. No credentials: the provider chain finds them. */
export interface S3Connection {
  readonly bucket: string;
  /** Undefined: AWS itself. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. */
  readonly pathStyleAccess: boolean;
  /** Connections at once. */
  readonly connectionsMax: number;
}

type Sdk = typeof import('@aws-sdk/client-s3');

const CONNECT_TIMEOUT_MS = 5_000;

let loading: Promise<Sdk> | undefined;

/** Loads the SDK, once a thread: 20 MB that only jobs with an s3:// address need. */
function loadSdk(): Promise<Sdk> {
  loading ??= import('@aws-sdk/client-s3').catch((error: unknown) => {
    throw new MillraceError('MR4002', 'What speaks S3 cannot be loaded', {
      why: error instanceof Error ? error.message : String(error),
      hint: 'add the package @aws-sdk/client-s3, an optional dependency: npm install @aws-sdk/client-s3',
    });
  });
  return loading;
}

/** Loads the SDK ahead of the first request. What goes wrong is told to the first request. */
export function preloadS3(): void {
  loadSdk().catch(() => {
    // Told to whoever needs it.
  });
}

/**
 * Requests by the AWS SDK, which signs them and finds the credentials.
 *
 * Its own retries are off, and so are its checksums beyond what S3 asks for: they come as trailers of chunked
 * bodies, which many servers store as part of the object. The signature covers the body's SHA-256 all the same,
 * and what is read is checked by the checksums inside of the files.
 */
export class SdkS3Requests implements S3Requests {
  readonly #connection: S3Connection;
  readonly #bucket: string;
  #connected: Promise<{ readonly sdk: Sdk; readonly client: S3Client }> | undefined;

  constructor(connection: S3Connection) {
    this.#connection = connection;
    this.#bucket = connection.bucket;
  }

  create(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#ask(async (sdk, client) => {
      const input = { Bucket: this.#bucket, Key: key, Body: bytes, IfNoneMatch: '*' };
      await client.send(new sdk.PutObjectCommand(input), { abortSignal: signal });
    });
  }

  get(key: string, offset: number, length: number, signal: AbortSignal): Promise<S3Piece> {
    return this.#ask(async (sdk, client) => {
      const input = { Bucket: this.#bucket, Key: key, Range: `bytes=${offset}-${offset + length - 1}` };
      const { Body, ContentRange } = await client.send(new sdk.GetObjectCommand(input), {
        abortSignal: signal,
      });
      const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(ContentRange ?? '');
      if (range === null || Body === undefined) throw new S3Failure('refused', 'no part of an object came');
      const [, first, last, size] = range.map(Number);
      const expected = Number(last) - Number(first) + 1;
      if (Number(first) !== offset || expected > length) throw new S3Failure('refused', 'another part came');
      return { bytes: await filled(Body as AsyncIterable<Uint8Array>, expected), sizeBytes: Number(size) };
    });
  }

  head(key: string, signal: AbortSignal): Promise<number> {
    return this.#ask(async (sdk, client) => {
      const input = { Bucket: this.#bucket, Key: key };
      const { ContentLength } = await client.send(new sdk.HeadObjectCommand(input), { abortSignal: signal });
      return ContentLength ?? 0;
    });
  }

  list(prefix: string, from: string | undefined, signal: AbortSignal): Promise<S3Page> {
    return this.#ask(async (sdk, client) => {
      const input = { Bucket: this.#bucket, Prefix: prefix, ContinuationToken: from };
      const page = await client.send(new sdk.ListObjectsV2Command(input), { abortSignal: signal });
      const keys = (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
      return { keys, next: page.IsTruncated === true ? page.NextContinuationToken : undefined };
    });
  }

  delete(key: string, signal: AbortSignal): Promise<void> {
    return this.#ask(async (sdk, client) => {
      const input = { Bucket: this.#bucket, Key: key };
      await client.send(new sdk.DeleteObjectCommand(input), { abortSignal: signal });
    });
  }

  deleteMany(keys: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#ask(async (sdk, client) => {
      const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
      const command = new sdk.DeleteObjectsCommand({ Bucket: this.#bucket, Delete });
      const [error] = (await client.send(command, { abortSignal: signal })).Errors ?? [];
      if (error !== undefined) throw toS3Failure({ name: error.Code, $metadata: { httpStatusCode: 500 } });
    });
  }

  createUpload(key: string, signal: AbortSignal): Promise<string> {
    return this.#ask(async (sdk, client) => {
      const input = { Bucket: this.#bucket, Key: key };
      const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(input), {
        abortSignal: signal,
      });
      if (UploadId === undefined) throw new S3Failure('refused', 'the upload got no name');
      return UploadId;
    });
  }

  putPart(upload: S3Upload, partNumber: number, bytes: Uint8Array, signal: AbortSignal): Promise<string> {
    return this.#ask(async (sdk, client) => {
      const input = { ...this.#named(upload), PartNumber: partNumber, Body: bytes };
      const { ETag } = await client.send(new sdk.UploadPartCommand(input), { abortSignal: signal });
      if (ETag === undefined) throw new S3Failure('refused', 'the part got no tag');
      return ETag;
    });
  }

  completeUpload(upload: S3Upload, tags: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#ask(async (sdk, client) => {
      const MultipartUpload = { Parts: tags.map((ETag, i) => ({ ETag, PartNumber: i + 1 })) };
      const input = { ...this.#named(upload), MultipartUpload, IfNoneMatch: '*' };
      await client.send(new sdk.CompleteMultipartUploadCommand(input), { abortSignal: signal });
    });
  }

  abortUpload(upload: S3Upload, signal: AbortSignal): Promise<void> {
    return this.#ask(async (sdk, client) => {
      const command = new sdk.AbortMultipartUploadCommand(this.#named(upload));
      await client.send(command, { abortSignal: signal });
    });
  }

  listUploads(prefix: string, signal: AbortSignal): Promise<readonly S3Upload[]> {
    return this.#ask(async (sdk, client) => {
      const uploads: S3Upload[] = [];
      for (let markers = {}; ; ) {
        const input = { Bucket: this.#bucket, Prefix: prefix, ...markers };
        const page = await client.send(new sdk.ListMultipartUploadsCommand(input), { abortSignal: signal });
        for (const { Key: key, UploadId: uploadId } of page.Uploads ?? []) {
          if (key !== undefined && uploadId !== undefined) uploads.push({ key, uploadId });
        }
        if (page.IsTruncated !== true) return uploads;
        markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
      }
    });
  }

  #named({ key, uploadId }: S3Upload): { Bucket: string; Key: string; UploadId: string } {
    return { Bucket: this.#bucket, Key: key, UploadId: uploadId };
  }

  async #ask<T>(request: (sdk: Sdk, client: S3Client) => Promise<T>): Promise<T> {
    this.#connected ??= this.#connect();
    const { sdk, client } = await this.#connected;
    try {
      return await request(sdk, client);
    } catch (error) {
      throw toS3Failure(error);
    }
  }

  async #connect(): Promise<{ readonly sdk: Sdk; readonly client: S3Client }> {
    const sdk = await loadSdk();
    const { endpoint, region, pathStyleAccess, connectionsMax } = this.#connection;
    const agent = { keepAlive: true, maxSockets: connectionsMax };
    const config: S3ClientConfig = {
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      forcePathStyle: pathStyleAccess,
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, httpAgent: agent, httpsAgent: agent },
    };
    return { sdk, client: new sdk.S3Client(config) };
  }
}

/** The bytes of a body that must be so long. */
async function filled(body: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const chunk of body) {
    if (at + chunk.length <= length) bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at !== length) throw new S3Failure('transient', `${at} of ${length} bytes came`);
  return bytes;
}
