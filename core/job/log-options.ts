import type { OptionTable } from './option-definition.js';

/** What is logged, and where. */
export const LOG_OPTIONS = {
  'env.log.level': {
    type: { kind: 'enum', values: ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF'] },
    default: 'INFO',
    description: 'The least important lines that are logged.',
  },
  'env.log.dir': {
    type: { kind: 'string' },
    default: undefined,
    description: "Folder of log files, one below it for each job; else that of the job's checkpoints.",
  },
  'env.log.max': {
    type: { kind: 'int' },
    default: 5,
    range: { min: 0, max: 100 },
    description: 'Older files that are kept of each log.',
  },
  'env.log.max-size': {
    type: { kind: 'memory' },
    default: '10mb',
    range: { min: 1024 },
    description: 'Size at which a log file becomes an older one.',
  },
  'env.log.console': {
    type: { kind: 'enum', values: ['OFF', 'AUTO', 'JSON', 'PRETTY'] },
    default: 'OFF',
    description: 'Whether lines go to standard error too. AUTO: for people on a terminal, as JSON elsewhere.',
  },
} as const satisfies OptionTable;
