import { isAdaptive, resourceWaitMs } from './adaptive-scheduler-options.js';
import type { OptionTable } from './option-definition.js';
import type { OptionValues } from './options.js';
import type { SlotConfig } from './slot-claim.js';
import type { LoadBalanceMode } from './slot-sharing.js';

/** What one process has at the most: each holds jobs' memory to a plan of its own, beside the others on one machine. */
export const TASK_MANAGERS_MAX = 128;

/** How jobs come by their slots. */
export const SLOT_OPTIONS = {
  'minicluster.number-of-taskmanagers': {
    type: { kind: 'int' },
    default: 1,
    range: { min: 1, max: TASK_MANAGERS_MAX },
    deprecatedKeys: ['local.number-taskmanager'],
    description: 'TaskManagers of this process, each with its own memory plan.',
  },
  'taskmanager.load-balance.mode': {
    type: { kind: 'enum', values: ['NONE', 'SLOTS', 'TASKS'] },
    default: 'NONE',
    description:
      'NONE fills TaskManagers one after the other; SLOTS takes as many slots of each, TASKS gives each as many tasks.',
  },
  'cluster.evenly-spread-out-slots': {
    type: { kind: 'boolean' },
    default: false,
    description: 'Older way to say SLOTS, where taskmanager.load-balance.mode says NONE.',
  },
  'slot.request.timeout': {
    type: { kind: 'duration' },
    default: '5 min',
    range: { min: 0 },
    description:
      'How long the tasks of an attempt wait for their slots before it fails, where it is not adaptive.',
  },
} as const satisfies OptionTable;

export function loadBalanceMode(values: OptionValues): LoadBalanceMode {
  const mode = values['taskmanager.load-balance.mode'];
  return mode === 'NONE' && values['cluster.evenly-spread-out-slots'] ? 'SLOTS' : mode;
}

export function slotConfigFromOptions(values: OptionValues): SlotConfig {
  const failsJob = isAdaptive(values);
  const requestTimeoutMs = failsJob ? resourceWaitMs(values) : values['slot.request.timeout'];
  return { requestTimeoutMs, failsJob, mode: loadBalanceMode(values) };
}
