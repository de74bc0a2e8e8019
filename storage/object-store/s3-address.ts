import { MillraceError } from '../../core/internal.js';

/** `s3a` and `s3p` are names that Flink and Hadoop have for the same. */
const S3_SCHEME = /^s3[ap]?:\/\//i;
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/;

export function isS3Address(address: string): boolean {
  return S3_SCHEME.test(address);
}

/**
 * `s3://bucket/prefix`. The prefix is empty or ends in a slash.
 *
 * @throws MillraceError MR4002, which does not repeat what may be a password
 */
export function parseS3Address(address: string): { readonly bucket: string; readonly prefix: string } {
  const [bucket = '', ...path] = address.replace(S3_SCHEME, '').replace(/\/+$/, '').split('/');
  if (bucket.includes('@')) {
    throw invalid(
      's3://…@…',
      'what stands before the @ would be credentials',
      'Take them out of the address.',
    );
  }
  if (!BUCKET.test(bucket)) throw invalid(address, `'${bucket}' cannot name a bucket`, FORM);
  if (path.some((part) => part === '' || part === '.' || part === '..')) {
    throw invalid(address, 'a part of the path is empty, or leads elsewhere', FORM);
  }
  return { bucket, prefix: path.map((part) => `${part}/`).join('') };
}

const FORM = 'An address is s3://bucket or s3://bucket/prefix.';

function invalid(address: string, why: string, hint: string): MillraceError {
  return new MillraceError('MR4002', `Checkpoints cannot be kept at '${address}'.`, { why, hint });
}
