import type { OptionTable } from './option-definition.js';

/** What a cluster that takes jobs from outside allows, and where its processes are found. */
export const SESSION_OPTIONS = {
  'web.submit.jobs-dir': {
    type: { kind: 'string' },
    default: undefined,
    description: 'Folder of the job files that may be submitted by their names. Unset: none may.',
  },
  'env.pid.dir': {
    type: { kind: 'string' },
    default: undefined,
    description:
      'Folder in which `cluster start` notes its process for `cluster stop`; else that for temporary files.',
  },
} as const satisfies OptionTable;
