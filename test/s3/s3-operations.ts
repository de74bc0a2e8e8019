import { createHash } from 'node:crypto';
import { elements, empty, escapeXml, failure, type S3Answer, xml } from './s3-answer.js';
import type { S3Bucket } from './s3-bucket.js';

/** A request, whole. Names of headers are lower case. */
export interface S3Call {
  readonly method: string;
  /** Without the bucket; empty for a request to the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What servers differ in. */
export interface S3Abilities {
  /** What becomes of `If-None-Match: *`: S3 obeys it, some servers refuse it, some do not look at it. */
  readonly conditionalCreate: 'obeyed' | 'refused' | 'ignored';
  /** Keys in one page of a list, whatever is asked for. */
  readonly pageSizeMax: number;
  /** Whether many objects may be deleted at once. */
  readonly bulkDelete: boolean;
}

type Operation = (bucket: S3Bucket, call: S3Call, abilities: S3Abilities, staleChanges: number) => S3Answer;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  PutObject: (bucket, call, abilities) => {
    const refused = condition(bucket, call, abilities);
    return refused ?? empty(200, { etag: bucket.put(call.key, call.body).etag });
  },
  GetObject: (bucket, call) => getObject(bucket, call),
  HeadObject: (bucket, { key }) => {
    const object = bucket.objects.get(key);
    if (object === undefined) return empty(404);
    return empty(200, { 'content-length': String(object.bytes.length), etag: object.etag });
  },
  DeleteObject: (bucket, { key }) => {
    bucket.delete(key);
    return empty(204);
  },
  DeleteObjects: (bucket, { body }, { bulkDelete }) => {
    if (!bulkDelete) return failure('NotImplemented');
    for (const key of elements(body.toString(), 'Key')) bucket.delete(key);
    return xml('DeleteResult', '');
  },
  ListObjectsV2: (bucket, call, abilities, stale) => listObjects(bucket, call, abilities, stale),
  CreateMultipartUpload: (bucket, { key }) => {
    const id = bucket.createUpload(key);
    return xml('InitiateMultipartUploadResult', `<Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId>`);
  },
  UploadPart: (bucket, { query, body }) => {
    const part = bucket.putPart(query.get('uploadId') ?? '', Number(query.get('partNumber')), body);
    return part === undefined ? failure('NoSuchUpload') : empty(200, { etag: part.etag });
  },
  CompleteMultipartUpload: (bucket, call, abilities) => {
    const refused = condition(bucket, call, abilities);
    if (refused !== undefined) return refused;
    const text = call.body.toString();
    const etags = elements(text, 'ETag');
    const parts = elements(text, 'PartNumber').map((number, i) => ({
      partNumber: Number(number),
      etag: etags[i] ?? '',
    }));
    const object = bucket.completeUpload(call.key, call.query.get('uploadId') ?? '', parts);
    if (typeof object === 'string') return failure(object);
    return xml('CompleteMultipartUploadResult', `<ETag>${escapeXml(object.etag)}</ETag>`);
  },
  AbortMultipartUpload: (bucket, { query }) =>
    bucket.uploads.delete(query.get('uploadId') ?? '') ? empty(204) : failure('NoSuchUpload'),
  ListMultipartUploads: (bucket, { query }) => {
    const prefix = query.get('prefix') ?? '';
    const found = [...bucket.uploads].filter(([, { key }]) => key.startsWith(prefix));
    const entries = found.map(
      ([id, { key }]) => `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId></Upload>`,
    );
    return xml('ListMultipartUploadsResult', `<IsTruncated>false</IsTruncated>${entries.join('')}`);
  },
};

/** The name that S3 has for a request; undefined if it has none. */
export function operationOf({ method, key, query }: S3Call): string | undefined {
  const has = (name: string): boolean => query.has(name);
  if (key === '') {
    if (method === 'GET') return has('uploads') ? 'ListMultipartUploads' : 'ListObjectsV2';
    return method === 'POST' && has('delete') ? 'DeleteObjects' : undefined;
  }
  switch (method) {
    case 'GET':
      return 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'PUT':
      return has('partNumber') ? 'UploadPart' : 'PutObject';
    case 'DELETE':
      return has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'POST':
      return has('uploads')
        ? 'CreateMultipartUpload'
        : has('uploadId')
          ? 'CompleteMultipartUpload'
          : undefined;
    default:
      return undefined;
  }
}

/** Carries a request out. `staleChanges`: how many of the last changes a list does not know. */
export function carryOut(
  bucket: S3Bucket,
  call: S3Call,
  abilities: S3Abilities,
  staleChanges: number,
): S3Answer {
  const operation = OPERATIONS[operationOf(call) ?? ''];
  if (operation === undefined) return failure('MethodNotAllowed');
  const sent = call.headers['x-amz-content-sha256'];
  const isDigest = sent !== undefined && /^[0-9a-f]{64}$/.test(sent);
  if (isDigest && sent !== createHash('sha256').update(call.body).digest('hex')) {
    return failure('XAmzContentSHA256Mismatch');
  }
  return operation(bucket, call, abilities, staleChanges);
}

function condition(bucket: S3Bucket, call: S3Call, { conditionalCreate }: S3Abilities): S3Answer | undefined {
  if (call.headers['if-none-match'] === undefined || conditionalCreate === 'ignored') return undefined;
  if (conditionalCreate === 'refused') return failure('NotImplemented');
  return bucket.objects.has(call.key) ? failure('PreconditionFailed') : undefined;
}

function getObject(bucket: S3Bucket, { key, headers }: S3Call): S3Answer {
  const object = bucket.objects.get(key);
  if (object === undefined) return failure('NoSuchKey');
  const { bytes, etag } = object;
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  if (range === null) return { status: 200, headers: { etag }, body: bytes };
  const from = Number(range[1]);
  if (from >= bytes.length) return failure('InvalidRange');
  const last = Math.min(range[2] === '' ? bytes.length - 1 : Number(range[2]), bytes.length - 1);
  const contentRange = `bytes ${from}-${last}/${bytes.length}`;
  return {
    status: 206,
    headers: { etag, 'content-range': contentRange },
    body: bytes.subarray(from, last + 1),
  };
}

function listObjects(
  bucket: S3Bucket,
  { query }: S3Call,
  { pageSizeMax }: S3Abilities,
  stale: number,
): S3Answer {
  const token = query.get('continuation-token');
  const after = token === null ? '' : Buffer.from(token, 'base64').toString();
  const size = Math.min(Number(query.get('max-keys') ?? 1000), pageSizeMax);
  const keys = bucket.keys(query.get('prefix') ?? '', stale).filter((key) => key > after);
  const page = keys.slice(0, size);
  const last = page.at(-1) ?? '';
  const isTruncated = keys.length > page.length;
  const next = isTruncated
    ? `<NextContinuationToken>${Buffer.from(last).toString('base64')}</NextContinuationToken>`
    : '';
  const entries = page.map((key) => {
    const object = bucket.objects.get(key);
    return `<Contents><Key>${escapeXml(key)}</Key><Size>${object?.bytes.length ?? 0}</Size></Contents>`;
  });
  return xml(
    'ListBucketResult',
    `<KeyCount>${page.length}</KeyCount><IsTruncated>${isTruncated}</IsTruncated>${next}${entries.join('')}`,
  );
}
