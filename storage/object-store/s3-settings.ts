import { parseS3Address } from './s3-address.js';
import { S3ObjectStore, type S3Surroundings } from './s3-object-store.js';
import { SdkS3Requests } from './sdk-s3-requests.js';

/** How an S3 server is reached: plain data, sent to every thread, without credentials. */
export interface S3Settings {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly pathStyleAccess: boolean;
  readonly partBytes: number;
  readonly partsAtOnce: number;
  readonly tryTimeoutMs: number;
  readonly retriesMax: number;
}

/** Connections of one thread: some downloads and uploads side by side, and what is small between them. */
const CONNECTIONS_MAX = 32;

/**
 * The store below an address. Nothing is asked of the server before the first use.
 *
 * @throws MillraceError MR4002 if it is no address
 */
export function openS3Store(
  address: string,
  settings: S3Settings,
  surroundings: S3Surroundings,
): S3ObjectStore {
  const place = parseS3Address(address);
  const { endpoint, region, pathStyleAccess } = settings;
  const requests = new SdkS3Requests({
    bucket: place.bucket,
    endpoint,
    region,
    pathStyleAccess,
    connectionsMax: CONNECTIONS_MAX,
  });
  return new S3ObjectStore(requests, place, settings, surroundings);
}
