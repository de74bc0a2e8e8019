import type { OptionTable } from './option-definition.js';

const memory = { kind: 'memory' } as const;
const judgedBy = 'memory';

/** Memory of the JobManager, and how it restarts jobs. The memory calculator reads the rows it judges. */
export const JOB_MANAGER_OPTIONS = {
  'jobmanager.memory.process.size': {
    type: memory,
    default: undefined,
    judgedBy,
    description: 'Everything the JobManager process may use; 1600m if no size is configured.',
  },
  'jobmanager.memory.flink.size': {
    type: memory,
    default: undefined,
    judgedBy,
    description: 'Everything but metaspace and overhead.',
  },
  'jobmanager.memory.heap.size': {
    type: memory,
    default: undefined,
    judgedBy,
    description: 'Heap of the JobManager; at least 128m is recommended.',
  },
  'jobmanager.memory.off-heap.size': {
    type: memory,
    default: '128m',
    judgedBy,
    description: 'Off-heap memory of the JobManager.',
  },
  'jobmanager.memory.enable-jvm-direct-memory-limit': {
    type: { kind: 'boolean' },
    default: false,
    judgedBy,
    description: 'Whether the off-heap memory becomes a limit of direct memory.',
  },
  'jobmanager.memory.jvm-metaspace.size': {
    type: memory,
    default: '256m',
    judgedBy,
    description: 'Memory for code.',
  },
  'jobmanager.memory.jvm-overhead.fraction': {
    type: { kind: 'fraction' },
    default: 0.1,
    judgedBy,
    description: 'Share of total process memory for stacks and other native memory.',
  },
  'jobmanager.memory.jvm-overhead.min': {
    type: memory,
    default: '192m',
    judgedBy,
    description: 'Least overhead.',
  },
  'jobmanager.memory.jvm-overhead.max': {
    type: memory,
    default: '1g',
    judgedBy,
    description: 'Most overhead.',
  },
  'jobmanager.execution.failover-strategy': {
    type: { kind: 'enum', values: ['region', 'full'] },
    default: 'region',
    description:
      'What a failure restarts: the tasks that exchange data with the failed one, or all (so if adaptive).',
  },
  'jobstore.cache-size': {
    type: { kind: 'int' },
    default: 52_428_800,
    judgedBy,
    description: 'Bytes of the cache of finished jobs; a heap smaller than it is warned of.',
  },
} as const satisfies OptionTable;
