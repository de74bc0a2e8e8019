import type { OptionTable } from './option-definition.js';

/** How a running job changes its parallelism. */
export const ADAPTIVE_SCHEDULER_OPTIONS = {
  'jobmanager.adaptive-scheduler.rescale-trigger.max-checkpoint-failures': {
    type: { kind: 'int' },
    default: 2,
    range: { min: 1 },
    description: 'Checkpoints failed in a row after which a rescale goes on from the newest complete one.',
  },
  'jobmanager.adaptive-scheduler.rescale-trigger.max-delay': {
    type: { kind: 'duration' },
    default: undefined,
    range: { min: 0 },
    description:
      'Longest wait of a rescale for a checkpoint; the interval times one more than its failures, if unset.',
  },
} as const satisfies OptionTable;
