import type { OptionTable } from './option-definition.js';

const duration = { kind: 'duration' } as const;
const int = { kind: 'int' } as const;

/** What happens after a failure. */
export const RESTART_STRATEGY_OPTIONS = {
  'restart-strategy.type': {
    type: {
      kind: 'enum',
      values: ['none', 'fixed-delay', 'failure-rate', 'exponential-delay'],
      aliases: {
        off: '~none',
        disable: '~none',
        fixeddelay: '~fixed-delay',
        failurerate: '~failure-rate',
        exponentialdelay: '~exponential-delay',
      },
    },
    default: undefined,
    deprecatedKeys: ['restart-strategy'],
    description: 'Unset: none without checkpoints; with them exponential-delay, its first restart immediate.',
  },
  'restart-strategy.fixed-delay.attempts': {
    type: int,
    default: 1,
    range: { min: 0 },
    description: 'Restarts before the job is given up.',
  },
  'restart-strategy.fixed-delay.delay': {
    type: duration,
    default: '1 s',
    range: { min: 0 },
    description: 'Wait before a restart.',
  },
  'restart-strategy.failure-rate.max-failures-per-interval': {
    type: int,
    default: 1,
    range: { min: 1 },
    description: 'Failures within the interval before the job is given up.',
  },
  'restart-strategy.failure-rate.failure-rate-interval': {
    type: duration,
    default: '1 min',
    range: { min: 1 },
    description: 'The interval in which failures are counted.',
  },
  'restart-strategy.failure-rate.delay': {
    type: duration,
    default: '1 s',
    range: { min: 0 },
    description: 'Wait before a restart.',
  },
  'restart-strategy.exponential-delay.initial-backoff': {
    type: duration,
    default: '1 s',
    range: { min: 1 },
    description: 'The first wait.',
  },
  'restart-strategy.exponential-delay.max-backoff': {
    type: duration,
    default: '1 min',
    range: { min: 1 },
    description: 'The longest wait.',
  },
  'restart-strategy.exponential-delay.backoff-multiplier': {
    type: { kind: 'double' },
    default: 1.5,
    range: { above: 1 },
    description: 'By what each wait is longer than the one before.',
  },
  'restart-strategy.exponential-delay.reset-backoff-threshold': {
    type: duration,
    default: '1 h',
    range: { min: 1 },
    description: 'Time without a failure after which the first wait applies again.',
  },
  'restart-strategy.exponential-delay.jitter-factor': {
    type: { kind: 'double' },
    default: 0.1,
    range: { min: 0, max: 1 },
    description: 'Share of the wait by which it is moved at random.',
  },
  'restart-strategy.exponential-delay.attempts-before-reset-backoff': {
    type: int,
    default: 2_147_483_647,
    range: { min: 1 },
    description:
      'Restarts before the job is given up, counted anew when the wait is reset; no limit by default.',
  },
} as const satisfies OptionTable;
