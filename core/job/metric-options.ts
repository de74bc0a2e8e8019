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
  'metrics.reporter.otel.interval': {
    type: duration,
    default: '10 s',
    range: { min: 0 },
    description:
      'Time between two reports of metrics and spans to OpenTelemetry, where the program has set it up. 0: none.',
  },
  'metrics.latency.interval': {
    type: duration,
    default: '0 ms',
    range: { min: 0 },
    description: 'Time between two latency markers of a source. 0: latency is not measured.',
  },
  'metrics.latency.granularity': {
    type: { kind: 'enum', values: ['operator', 'single', 'subtask'] },
    default: 'operator',
    description:
      'Latency by operator and source (operator), by operator (single), or by subtask of the source too.',
  },
  'metrics.latency.history-size': {
    type: { kind: 'int' },
    default: 128,
    range: { min: 1, max: 65_536 },
    description: 'Latencies of an operator of which statistics are kept.',
  },
} as const satisfies OptionTable;
