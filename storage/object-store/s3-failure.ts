import { type ErrorCode, MillraceError } from '../../core/internal.js';

/**
 * What an S3 server said, or that it said nothing:
 * - `missing`, `no-bucket`, `no-upload`: there is no such object, bucket, multipart upload;
 * - `exists`: the object that was to be created is there;
 * - `beyond-end`: the object is shorter than the range begins;
 * - `denied`: not with these credentials, or without any;
 * - `no-space`: a quota is used up;
 * - `not-implemented`: the server does not know the request, or a header of it;
 * - `transient`: it may go better the next time; whether the request was carried out is unknown;
 * - `refused`: anything else, which the next try would meet again.
 */
export type S3FailureKind =
  | 'missing'
  | 'no-bucket'
  | 'no-upload'
  | 'exists'
  | 'beyond-end'
  | 'denied'
  | 'no-space'
  | 'not-implemented'
  | 'transient'
  | 'refused';

/**
 * A failed request, with what may be told of it: errors of the SDK hold the whole request, its signature
 * and what the server printed of the credentials, so nothing of them goes further than this.
 */
export class S3Failure extends Error {
  readonly kind: S3FailureKind;

  /** `message`: name of the error, status and id of the request. */
  constructor(kind: S3FailureKind, message: string) {
    super(message);
    this.name = 'S3Failure';
    this.kind = kind;
  }
}

/** The parts of an SDK's error that this reads. */
interface ServiceError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

const BY_NAME: Readonly<Record<string, S3FailureKind>> = {
  NoSuchKey: 'missing',
  NotFound: 'missing',
  NoSuchBucket: 'no-bucket',
  NoSuchUpload: 'no-upload',
  PreconditionFailed: 'exists',
  InvalidRange: 'beyond-end',
  AccessDenied: 'denied',
  ExpiredToken: 'denied',
  CredentialsProviderError: 'denied',
  ProviderError: 'denied',
  QuotaExceeded: 'no-space',
  XMinioStorageFull: 'no-space',
  NotImplemented: 'not-implemented',
  // Damaged on its way to the server.
  XAmzContentSHA256Mismatch: 'transient',
  BadDigest: 'transient',
  IncompleteBody: 'transient',
  RequestTimeout: 'transient',
  RequestTimeTooSkewed: 'refused',
};

const BY_STATUS: Readonly<Record<number, S3FailureKind>> = {
  401: 'denied',
  403: 'denied',
  404: 'missing',
  408: 'transient',
  // Somebody else's request for the same key is under way.
  409: 'transient',
  412: 'exists',
  416: 'beyond-end',
  429: 'transient',
  501: 'not-implemented',
  507: 'no-space',
};

/** Reads a failure out of what a request rejected with. */
export function toS3Failure(error: unknown): S3Failure {
  if (error instanceof S3Failure) return error;
  const { name, code, message, $metadata } = (error ?? {}) as ServiceError;
  const called = plain(name) ?? 'Error';
  const status = $metadata?.httpStatusCode;
  const id = plain($metadata?.requestId);
  const told = [
    plain(code) ?? called,
    status === undefined ? '' : `, status ${status}`,
    id === undefined ? '' : `, request ${id}`,
  ].join('');
  if (message === 'Region is missing') return new S3Failure('refused', 'no region is known');
  const kind = Object.hasOwn(BY_NAME, called) ? BY_NAME[called] : undefined;
  return new S3Failure(kind ?? kindOf(status), told);
}

/** What has no status has not been answered; what failed although it was answered well came damaged. */
function kindOf(status: number | undefined): S3FailureKind {
  if (status === undefined || status < 300 || (status >= 500 && status !== 501 && status !== 507)) {
    return 'transient';
  }
  return BY_STATUS[status] ?? 'refused';
}

/** A name as servers and systems have them; anything else may be more than a name. */
function plain(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w./=+-]{1,128}$/.test(value) ? value : undefined;
}

const CODES: Readonly<Partial<Record<S3FailureKind, ErrorCode>>> = {
  missing: 'MR3008',
  'no-bucket': 'MR3002',
  denied: 'MR3002',
  'no-space': 'MR3003',
};

const HINTS: Readonly<Partial<Record<S3FailureKind, string>>> = {
  'no-bucket': 'make the bucket, or name another one (execution.checkpointing.dir)',
  denied:
    'see which credentials the AWS provider chain finds (AWS_PROFILE, AWS_ACCESS_KEY_ID, the role of the machine) ' +
    'and that they may list, read, write and delete there',
  'no-space': 'make room, or raise the quota',
  transient: 'see whether the server can be reached (s3.endpoint)',
};

/** The error that leaves the store. `at` is the object's address. */
export function s3Error(failure: S3Failure, doing: string, at: string): MillraceError {
  const hint = failure.message === 'no region is known' ? 'set s3.region or AWS_REGION' : HINTS[failure.kind];
  return new MillraceError(CODES[failure.kind] ?? 'MR3001', `${doing} ${at} failed`, {
    where: { at },
    why: failure.message,
    ...(hint === undefined ? {} : { hint }),
  });
}
