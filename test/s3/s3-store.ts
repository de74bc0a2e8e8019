import { SystemTimers } from '../../actors/boot/system-timers.js';
import { Prng } from '../../core/internal.js';
import { type S3Limits, S3ObjectStore } from '../../storage/object-store/s3-object-store.js';
import { SdkS3Requests } from '../../storage/object-store/sdk-s3-requests.js';

/** What the tests sign with. The provider chain finds it in the environment. */
export const TEST_CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIDTESTTESTTESTTEST',
  AWS_SECRET_ACCESS_KEY: 'a-secret-of-the-tests-that-is-shown-nowhere',
} as const;

export interface S3StoreOptions {
  readonly prefix?: string;
  readonly bucket?: string;
  readonly seed?: number;
  readonly limits?: Partial<S3Limits>;
}

/** A store as the engine makes it, on a server of the tests. */
export function s3StoreAt(endpoint: string, options: S3StoreOptions = {}): S3ObjectStore {
  const { bucket = 'bucket', prefix = '', seed = 1 } = options;
  Object.assign(process.env, TEST_CREDENTIALS);
  const requests = new SdkS3Requests({
    bucket,
    endpoint,
    region: 'us-east-1',
    pathStyleAccess: true,
    connectionsMax: 16,
  });
  const limits = {
    retriesMax: 4,
    tryTimeoutMs: 10_000,
    partBytes: 5 << 20,
    partsAtOnce: 3,
    ...options.limits,
  };
  const surroundings = {
    createTimers: (deliver: (token: number) => void) => new SystemTimers(deliver),
    jitter: new Prng(seed),
  };
  return new S3ObjectStore(requests, { bucket, prefix }, limits, surroundings);
}
