import type { OptionTable } from './option-definition.js';

const duration = { kind: 'duration' } as const;
const text = { kind: 'string' } as const;

/** Who leads when several processes could. */
export const HIGH_AVAILABILITY_OPTIONS = {
  'high-availability.type': {
    type: { kind: 'enum', values: ['NONE', 'filesystem', 's3'] },
    default: 'NONE',
    deprecatedKeys: ['high-availability'],
    description:
      'Whether other processes stand by, and where it is recorded who leads: in a folder, or on S3.',
  },
  'high-availability.storageDir': {
    type: text,
    default: undefined,
    description: 'Folder or s3:// address of what is recorded of clusters: leaders, jobs and results.',
  },
  'high-availability.cluster-id': {
    type: text,
    default: undefined,
    description:
      'The cluster that a process belongs to. Unset: the name of the job of `run`, else `default`.',
  },
  'high-availability.leader-election.lease-duration': {
    type: duration,
    default: '15 s',
    range: { min: 1 },
    description: 'Time without a sign of the leader after which another process takes over.',
  },
  'high-availability.leader-election.renew-deadline': {
    type: duration,
    default: '10 s',
    range: { min: 1 },
    description: 'Time without a renewed lease after which a leader stops.',
  },
  'high-availability.leader-election.retry-period': {
    type: duration,
    default: '3 s',
    range: { min: 1 },
    description: 'Time between two renewals of the lease, and between two looks at it.',
  },
} as const satisfies OptionTable;
