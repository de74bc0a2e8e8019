import type { OptionTable } from './option-definition.js';

const duration = { kind: 'duration' } as const;

/** What is measured, and how often. */
export const METRIC_OPTIONS = {
  'metrics.fetcher.update-interval': {
    type: duration,
    default: '10 s',
    range: { min: 0 },
    description: 'Time over which numbers a second are taken. 0: since the start of the task.',
  },
} as const satisfies OptionTable;
