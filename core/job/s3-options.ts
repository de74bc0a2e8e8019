import type { OptionTable } from './option-definition.js';

/**
 * How checkpoints at an `s3://` address are reached. There is no option for credentials: they come from the
 * AWS provider chain, so that no configuration, log or checkpoint holds them.
 */
export const S3_OPTIONS = {
  's3.endpoint': {
    type: { kind: 'string' },
    default: undefined,
    description: 'Address of the S3 server; unset means that of AWS.',
  },
  's3.region': {
    type: { kind: 'string' },
    default: undefined,
    deprecatedKeys: ['s3.endpoint.region'],
    description:
      'Region of the bucket; else AWS_REGION or the AWS profile says it, and us-east-1 for an endpoint.',
  },
  's3.path-style-access': {
    type: { kind: 'boolean' },
    default: false,
    deprecatedKeys: ['s3.path.style.access'],
    description:
      'Whether the bucket stands in the path instead of the host name, as most own servers want it.',
  },
  's3.upload.min.part.size': {
    type: { kind: 'memory' },
    default: '5mb',
    range: { min: 5_242_880, max: 5_368_709_120 },
    description: 'Length of a part; longer files are uploaded in parts, each of which is held in memory.',
  },
  's3.upload.max.concurrent.uploads': {
    type: { kind: 'int' },
    default: 3,
    range: { min: 1 },
    description: 'Parts of one file that are uploaded at once.',
  },
  's3.socket-timeout': {
    type: { kind: 'duration' },
    default: '30 s',
    range: { min: 100 },
    description: 'Time in which a try of a request has to be answered.',
  },
  's3.retry.max-num-retries': {
    type: { kind: 'int' },
    default: 4,
    range: { min: 0 },
    description: 'Tries after the first, for requests that fail in passing.',
  },
} as const satisfies OptionTable;
