import { HISTOGRAM_STATISTICS } from './metric-descriptor.js';
import { scopeLabels, scopePath } from './metric-labels.js';
import type { MetricReading, ScopedReadings } from './metric-reading.js';

/** One number of OpenTelemetry's. Plain data. */
export interface TelemetryPoint {
  /** As Flink's reporter names it: `flink.taskmanager.job.task.numRecordsIn`. */
  readonly name: string;
  /** Counters tell how much there has been so far. */
  readonly kind: 'counter' | 'gauge';
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What is no number is left out; a histogram is a gauge for each of its statistics, which an attribute names. */
export function telemetryPoints(scopes: readonly ScopedReadings[], host: string): TelemetryPoint[] {
  return scopes.flatMap(({ scope, readings }) => {
    const labels = Object.fromEntries(scopeLabels(scope, host));
    const path = scopePath(scope);
    return readings.flatMap((reading) => pointsOf(reading, path, labels));
  });
}

function pointsOf(
  { name, kind, value, groups, statistics }: MetricReading,
  path: readonly string[],
  labels: Readonly<Record<string, string>>,
): TelemetryPoint[] {
  const full = ['flink', ...path, ...groups.map((group) => group.name), name].join('.');
  const variables = groups.flatMap((group) =>
    group.value === undefined ? [] : [[group.name, group.value] as const],
  );
  const attributes = { ...Object.fromEntries(variables), ...labels };
  if (statistics !== undefined)
    return HISTOGRAM_STATISTICS.map((statistic) => ({
      name: full,
      kind: 'gauge',
      value: statistics[statistic],
      attributes: { ...attributes, statistic },
    }));
  if (typeof value !== 'number' || !Number.isFinite(value)) return [];
  return [{ name: full, kind: kind === 'counter' ? 'counter' : 'gauge', value, attributes }];
}
