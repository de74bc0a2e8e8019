import type { ScalingConfig } from './adaptive-scaling.js';
import type { OptionTable } from './option-definition.js';
import type { OptionValues } from './options.js';

/** Which jobs change their parallelism by themselves, and how a running job changes it. */
export const ADAPTIVE_SCHEDULER_OPTIONS = {
  'jobmanager.scheduler': {
    type: { kind: 'enum', values: ['Default', 'Adaptive'] },
    default: 'Default',
    description: 'Adaptive: a job that lacks slots runs with fewer, and with more when they have come.',
  },
  'scheduler-mode': {
    type: { kind: 'enum', values: ['REACTIVE'] },
    default: undefined,
    description:
      'REACTIVE: adaptive, and a job takes all slots that there are, up to its maximum parallelism.',
  },
  'jobmanager.adaptive-scheduler.submission.resource-wait-timeout': {
    type: { kind: 'duration' },
    default: undefined,
    range: { min: 0 },
    deprecatedKeys: ['jobmanager.adaptive-scheduler.resource-wait-timeout'],
    description:
      'How long an adaptive job waits for its least slots before it fails; 5 min, or without end where reactive.',
  },
  'jobmanager.adaptive-scheduler.submission.resource-stabilization-timeout': {
    type: { kind: 'duration' },
    default: undefined,
    range: { min: 0 },
    deprecatedKeys: ['jobmanager.adaptive-scheduler.resource-stabilization-timeout'],
    description:
      'How long it waits for more before it runs with fewer than it asks for; 10 s, or 0 where reactive.',
  },
  'jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling': {
    type: { kind: 'duration' },
    default: '30 s',
    range: { min: 0 },
    deprecatedKeys: ['jobmanager.adaptive-scheduler.scaling-interval.min'],
    description: 'Least time between two rescales that a running job makes by itself.',
  },
  'jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout': {
    type: { kind: 'duration' },
    default: '60 s',
    range: { min: 0 },
    description: 'How long a running job waits for all it asks for, before it makes use of some of that.',
  },
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

const WAIT_MS = 300_000;
const STABILIZATION_MS = 10_000;

export function isReactive(values: OptionValues): boolean {
  return values['scheduler-mode'] === 'REACTIVE';
}

export function isAdaptive(values: OptionValues): boolean {
  return isReactive(values) || values['jobmanager.scheduler'] === 'Adaptive';
}

/** How long an adaptive job waits for slots, ms. */
export function resourceWaitMs(values: OptionValues): number {
  const waitMs = values['jobmanager.adaptive-scheduler.submission.resource-wait-timeout'];
  return waitMs ?? (isReactive(values) ? Number.POSITIVE_INFINITY : WAIT_MS);
}

export function scalingConfigFromOptions(values: OptionValues): ScalingConfig {
  const prefix = 'jobmanager.adaptive-scheduler';
  const waitingMs = values[`${prefix}.submission.resource-stabilization-timeout`];
  return {
    waitingStabilizationMs: waitingMs ?? (isReactive(values) ? 0 : STABILIZATION_MS),
    cooldownMs: values[`${prefix}.executing.cooldown-after-rescaling`],
    runningStabilizationMs: values[`${prefix}.executing.resource-stabilization-timeout`],
  };
}
