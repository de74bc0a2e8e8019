import type { OptionTable } from './option-definition.js';

const duration = { kind: 'duration' } as const;
const int = { kind: 'int' } as const;

/** When and where checkpoints are taken, and which backend holds the state. */
export const CHECKPOINTING_OPTIONS = {
  'execution.checkpointing.interval': {
    type: duration,
    default: undefined,
    range: { min: 10 },
    description: 'Time between checkpoints. Unset means none, so a job is at-most-once.',
  },
  'execution.checkpointing.interval-during-backlog': {
    type: duration,
    default: undefined,
    range: { min: 0 },
    description: 'The interval while a source works off a backlog, as long at least; 0: no checkpoints then.',
  },
  'execution.checkpointing.mode': {
    type: { kind: 'enum', values: ['EXACTLY_ONCE', 'AT_LEAST_ONCE'] },
    default: 'EXACTLY_ONCE',
    description: 'Whether tasks align their inputs at a barrier.',
  },
  'execution.checkpointing.unaligned.enabled': {
    type: { kind: 'boolean' },
    default: false,
    deprecatedKeys: ['execution.checkpointing.unaligned'],
    description:
      'Whether barriers overtake what is under way, which the checkpoint then holds. With EXACTLY_ONCE only.',
  },
  'execution.checkpointing.aligned-checkpoint-timeout': {
    type: duration,
    default: '0 ms',
    range: { min: 0 },
    deprecatedKeys: ['execution.checkpointing.alignment-timeout'],
    description:
      'With unaligned checkpoints: how long one waits for its barriers before they overtake. 0: not at all.',
  },
  'execution.checkpointing.timeout': {
    type: duration,
    default: '10 min',
    range: { min: 10 },
    description: 'Time after which an unfinished checkpoint is given up.',
  },
  'execution.checkpointing.min-pause': {
    type: duration,
    default: '0 ms',
    range: { min: 0 },
    description: 'Least time from the end of one checkpoint to the start of the next.',
  },
  'execution.checkpointing.max-concurrent-checkpoints': {
    type: int,
    default: 1,
    range: { min: 1 },
    description: 'Checkpoints that may be under way at once.',
  },
  'execution.checkpointing.tolerable-failed-checkpoints': {
    type: int,
    default: 0,
    range: { min: 0 },
    description: 'Consecutive failed checkpoints that do not yet fail the job.',
  },
  'execution.checkpointing.dir': {
    type: { kind: 'string' },
    default: undefined,
    deprecatedKeys: ['state.checkpoints.dir', 'state.backend.fs.checkpointdir'],
    description: 'Folder of the checkpoints; a job has its own folder below it.',
  },
  'execution.checkpointing.storage': {
    type: { kind: 'enum', values: ['filesystem', 'jobmanager'] },
    default: 'filesystem',
    deprecatedKeys: ['state.checkpoint-storage'],
    description:
      'Where checkpoints are kept: filesystem (execution.checkpointing.dir), or jobmanager (memory).',
  },
  'execution.checkpointing.jobmanager-storage.max-size': {
    type: { kind: 'memory' },
    default: '64mb',
    range: { min: 65_536 },
    description: 'The most that all checkpoints of a job may take in the memory of the JobManager.',
  },
  'execution.checkpointing.savepoint-dir': {
    type: { kind: 'string' },
    default: undefined,
    deprecatedKeys: ['state.savepoints.dir', 'savepoints.state.backend.fs.dir'],
    description: 'Folder of the savepoints for which no other is given.',
  },
  'execution.checkpointing.num-retained': {
    type: int,
    default: 1,
    range: { min: 1 },
    deprecatedKeys: ['state.checkpoints.num-retained'],
    description: 'Completed checkpoints that are kept.',
  },
  'execution.checkpointing.incremental': {
    type: { kind: 'boolean' },
    default: true,
    deprecatedKeys: ['state.backend.incremental'],
    description: 'Whether a checkpoint stores what changed since the one before.',
  },
  'execution.checkpointing.externalized-checkpoint-retention': {
    type: {
      kind: 'enum',
      values: ['NO_EXTERNALIZED_CHECKPOINTS', 'DELETE_ON_CANCELLATION', 'RETAIN_ON_CANCELLATION'],
    },
    default: 'NO_EXTERNALIZED_CHECKPOINTS',
    description: 'What becomes of the checkpoints of a job that is cancelled.',
  },
  'execution.checkpointing.data-inline-threshold': {
    type: { kind: 'memory' },
    default: '20kb',
    range: { min: 0, max: 1_048_576 },
    deprecatedKeys: ['state.storage.fs.memory-threshold', 'state.backend.fs.memory-threshold'],
    description: 'State smaller than this lies in the checkpoint manifest instead of a file of its own.',
  },
  'execution.checkpointing.local-backup.enabled': {
    type: { kind: 'boolean' },
    default: false,
    description:
      'Whether the files of checkpoints are kept on this machine too, in its folder for temporary files.',
  },
  'execution.state-recovery.from-local': {
    type: { kind: 'boolean' },
    default: false,
    deprecatedKeys: ['state.backend.local-recovery'],
    description:
      'Whether tasks that begin again in this process read such copies first; then there are copies.',
  },
  'execution.state-recovery.claim-mode': {
    type: {
      kind: 'enum',
      values: ['NO_CLAIM', 'CLAIM'],
      gone: {
        legacy:
          'LEGACY left it open whose the files are. NO_CLAIM leaves them as they are, CLAIM takes them over.',
      },
    },
    default: 'NO_CLAIM',
    deprecatedKeys: ['execution.savepoint-restore-mode'],
    description:
      'Whose the files are that a job begins from. NO_CLAIM: they are copied and stay. CLAIM: the job removes them.',
  },
  'state.backend.type': {
    type: {
      kind: 'enum',
      values: ['lmdb', 'heap'],
      aliases: { hashmap: 'heap', rocksdb: 'lmdb' },
    },
    default: 'lmdb',
    deprecatedKeys: ['state.backend'],
    description: 'Where keyed state lives: lmdb (beyond memory) or heap (small state).',
  },
  'state.backend.lmdb.max-size': {
    type: { kind: 'memory' },
    default: undefined,
    range: { min: 1_048_576 },
    description:
      'Disk that the LMDB files of a job may take, all subtasks together. Unset means all there is.',
  },
} as const satisfies OptionTable;
