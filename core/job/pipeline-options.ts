import type { OptionTable } from './option-definition.js';

const duration = { kind: 'duration' } as const;

/** How a job's graph is made and run. */
export const PIPELINE_OPTIONS = {
  'pipeline.name': {
    type: { kind: 'string' },
    default: undefined,
    description: 'Name of the job, by which it is known across restarts.',
  },
  'parallelism.default': {
    type: { kind: 'int' },
    default: 1,
    range: { min: 1, max: 32_768 },
    description: 'Parallelism of the operators that set none.',
  },
  'pipeline.max-parallelism': {
    type: { kind: 'int' },
    default: -1,
    range: { min: -1, max: 32_768, except: 0 },
    description: 'Number of key groups, fixed by the first checkpoint. -1: derived from the parallelism.',
  },
  'pipeline.auto-watermark-interval': {
    type: duration,
    default: '200 ms',
    range: { min: 0 },
    description: 'Time between periodic watermarks.',
  },
  'pipeline.auto-generate-uids': {
    type: { kind: 'boolean' },
    default: true,
    description:
      'Whether operators that were given no uid get one from their place. false: they are refused.',
  },
  'pipeline.operator-chaining.enabled': {
    type: { kind: 'boolean' },
    default: true,
    deprecatedKeys: ['pipeline.operator-chaining'],
    description: 'Whether operators that can run on one thread do.',
  },
  'execution.runtime-mode': {
    type: { kind: 'enum', values: ['STREAMING', 'BATCH', 'AUTOMATIC'] },
    default: 'STREAMING',
    description:
      'BATCH, of bounded sources: final results only. AUTOMATIC: BATCH if every source is bounded.',
  },
  'execution.buffer-timeout.interval': {
    type: duration,
    default: '100 ms',
    range: { min: -1 },
    deprecatedKeys: ['execution.buffer-timeout'],
    description: 'Longest time a record waits in a segment that is not full. 0: none, -1: until it is full.',
  },
  'heartbeat.interval': {
    type: duration,
    default: '10 s',
    range: { min: 1 },
    description: 'Time between two looks at the heartbeat of a task.',
  },
  'heartbeat.timeout': {
    type: duration,
    default: '50 s',
    range: { min: 1 },
    description: 'Time without a heartbeat after which a task counts as stuck.',
  },
  'task.cancellation.interval': {
    type: duration,
    default: '30 s',
    range: { min: 1 },
    deprecatedKeys: ['task.cancellation-interval'],
    description: 'Time between two complaints about a cancelled task that does not leave.',
  },
  'task.cancellation.timeout': {
    type: duration,
    default: '180 s',
    range: { min: 0 },
    description: 'Time after which a task that does not leave ends the process. 0: never.',
  },
} as const satisfies OptionTable;
