import type { OptionTable } from './option-definition.js';

/** How much is remembered of jobs, for those who look at them. */
export const MONITORING_OPTIONS = {
  'jobstore.max-capacity': {
    type: { kind: 'int' },
    default: 100,
    range: { min: 0, max: 2_147_483_647 },
    description: 'Jobs that have ended and are still shown; the oldest goes first.',
  },
  'jobstore.expiration-time': {
    type: { kind: 'int' },
    default: 3600,
    range: { min: 0 },
    description: 'Seconds for which a job that has ended is shown.',
  },
  'web.checkpoints.history': {
    type: { kind: 'int' },
    default: 10,
    range: { min: 0, max: 1000 },
    description: 'Checkpoints of a job that are shown.',
  },
  'jobmanager.failure-enrichers': {
    type: { kind: 'string' },
    default: undefined,
    description:
      'What gives labels to failures, with commas between: `type`, or files of modules whose default export does.',
  },
  'web.exception-history-size': {
    type: { kind: 'int' },
    default: 16,
    range: { min: 1, max: 1000 },
    description: 'Failures of a job that are shown.',
  },
} as const satisfies OptionTable;
