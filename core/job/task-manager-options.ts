import type { OptionTable } from './option-definition.js';

const memory = { kind: 'memory' } as const;
const fraction = { kind: 'fraction' } as const;
const judgedBy = 'memory';

/** Memory, slots and network of a TaskManager. The memory calculator reads the rows it judges. */
export const TASK_MANAGER_OPTIONS = {
  'taskmanager.numberOfTaskSlots': {
    type: { kind: 'int' },
    default: 1,
    judgedBy,
    description:
      'Slots of a TaskManager; unset, and with one TaskManager, there are as many as its jobs need. -1 means 1.',
  },
  'taskmanager.cpu.cores': {
    type: { kind: 'double' },
    default: undefined,
    judgedBy,
    description: 'CPU cores that the slots share; the number of slots if unset.',
  },
  'taskmanager.memory.process.size': {
    type: memory,
    default: undefined,
    judgedBy,
    description: 'Everything the process may use; 1728m if no size is configured.',
  },
  'taskmanager.memory.flink.size': {
    type: memory,
    default: undefined,
    judgedBy,
    description: 'Everything but metaspace and overhead. The one knob most people need.',
  },
  'taskmanager.memory.framework.heap.size': {
    type: memory,
    default: '128m',
    judgedBy,
    description: 'Heap of the framework: the control thread.',
  },
  'taskmanager.memory.framework.off-heap.size': {
    type: memory,
    default: '128m',
    judgedBy,
    description: 'Off-heap memory of the framework.',
  },
  'taskmanager.memory.framework.off-heap.batch-shuffle.size': {
    type: memory,
    default: '64m',
    judgedBy,
    description: 'Part of the framework off-heap memory that batch shuffles may read into.',
  },
  'taskmanager.memory.task.heap.size': {
    type: memory,
    default: undefined,
    judgedBy,
    description: 'Heap of the tasks, divided over their threads; what is left over if unset.',
  },
  'taskmanager.memory.task.off-heap.size': {
    type: memory,
    default: '0 bytes',
    judgedBy,
    description: 'Off-heap memory of the tasks: codec and connector buffers.',
  },
  'taskmanager.memory.managed.size': {
    type: memory,
    default: undefined,
    deprecatedKeys: ['taskmanager.memory.size'],
    judgedBy,
    description: 'Managed memory: memtables and snapshot buffers of the state backend.',
  },
  'taskmanager.memory.managed.fraction': {
    type: fraction,
    default: 0.4,
    judgedBy,
    description: 'Share of total Flink memory that is managed memory, if no size is set.',
  },
  'taskmanager.memory.managed.consumer-weights': {
    type: { kind: 'string' },
    default: 'OPERATOR:70,STATE_BACKEND:70,PYTHON:30',
    judgedBy,
    description: 'Weights of the consumers of managed memory; the state backend is the only one so far.',
  },
  'taskmanager.memory.network.fraction': {
    type: fraction,
    default: 0.1,
    deprecatedKeys: ['taskmanager.network.memory.fraction'],
    judgedBy,
    description: 'Share of total Flink memory for the segments that records cross between tasks in.',
  },
  'taskmanager.memory.network.min': {
    type: memory,
    default: '64m',
    deprecatedKeys: ['taskmanager.network.memory.min'],
    judgedBy,
    description: 'Least network memory.',
  },
  'taskmanager.memory.network.max': {
    type: memory,
    default: '9223372036854775807 bytes',
    deprecatedKeys: ['taskmanager.network.memory.max'],
    judgedBy,
    description: 'Most network memory; unbounded by default.',
  },
  'taskmanager.memory.jvm-metaspace.size': {
    type: memory,
    default: '256m',
    judgedBy,
    description: 'Memory for code.',
  },
  'taskmanager.memory.jvm-overhead.fraction': {
    type: fraction,
    default: 0.1,
    judgedBy,
    description: 'Share of total process memory for stacks and other native memory.',
  },
  'taskmanager.memory.jvm-overhead.min': {
    type: memory,
    default: '192m',
    judgedBy,
    description: 'Least overhead.',
  },
  'taskmanager.memory.jvm-overhead.max': {
    type: memory,
    default: '1g',
    judgedBy,
    description: 'Most overhead.',
  },
  'taskmanager.memory.segment-size': {
    type: memory,
    default: '32kb',
    judgedBy,
    description: 'Size of a network segment; a power of two of at least 4096 bytes.',
  },
  'taskmanager.memory.min-segment-size': {
    type: memory,
    default: '256 bytes',
    judgedBy,
    description: 'Least size to which a segment may be shortened.',
  },
  'taskmanager.network.numberOfBuffers': {
    type: { kind: 'int' },
    default: undefined,
    judgedBy,
    description: 'Older way to size the network memory, read only if no network.* memory key is set.',
  },
  'taskmanager.network.memory.buffers-per-channel': {
    type: { kind: 'int' },
    default: 2,
    range: { min: 0 },
    description: 'Segments that belong to one channel alone.',
  },
  'taskmanager.network.memory.floating-buffers-per-gate': {
    type: { kind: 'int' },
    default: 8,
    range: { min: 0 },
    description: 'Segments that the channels of one gate share beyond their own.',
  },
  'taskmanager.network.memory.max-buffers-per-channel': {
    type: { kind: 'int' },
    default: 10,
    range: { min: 1 },
    description: 'Most segments that one outgoing channel may fill before its task counts as back-pressured.',
  },
  'taskmanager.network.memory.max-overdraft-buffers-per-gate': {
    type: { kind: 'int' },
    default: 5,
    range: { min: 0 },
    description: 'Segments a partition may take beyond its share so that the record in hand can be finished.',
  },
  'taskmanager.network.memory.read-buffer.required-per-gate.max': {
    type: { kind: 'int' },
    default: undefined,
    range: { min: 1 },
    description: 'Most segments that a gate may insist on; the rest become optional.',
  },
} as const satisfies OptionTable;
