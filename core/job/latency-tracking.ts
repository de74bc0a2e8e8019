import type { OptionValues } from './options.js';

/** How it is measured how long records take from their sources to each operator. Plain data. */
export interface LatencyTracking {
  readonly intervalMs: number;
  /** What is told apart: nothing of the source, the source, or its subtasks too. */
  readonly granularity: OptionValues['metrics.latency.granularity'];
  /** Latencies that count in the statistics of one operator. */
  readonly historySize: number;
}

/** Undefined: it is not measured. */
export function latencyTrackingFromOptions(values: OptionValues): LatencyTracking | undefined {
  const intervalMs = values['metrics.latency.interval'];
  if (intervalMs === 0) return undefined;
  return {
    intervalMs,
    granularity: values['metrics.latency.granularity'],
    historySize: values['metrics.latency.history-size'],
  };
}
