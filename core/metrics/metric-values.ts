import { Watermark } from '../element/watermark.js';
import { HISTOGRAM_STATISTICS, metricPath } from './metric-descriptor.js';
import type { MetricReading, MetricScope, ScopedReadings } from './metric-reading.js';

/** Whose metrics are asked for. */
export type MetricsQuery =
  | { readonly type: 'job-manager' }
  | { readonly type: 'task-manager'; readonly taskManagerId: string }
  | { readonly type: 'job'; readonly jobId: string }
  /** Ids begin with the subtask: `0.numRecordsIn`, `0.<operator>.numRecordsIn`. */
  | { readonly type: 'vertex'; readonly jobId: string; readonly vertexId: number };

/** A metric by Flink's id. A name of more than one part is divided by points; of an operator's name they are `_`. */
export interface MetricValue {
  readonly id: string;
  readonly value: number | string;
}

/** Flink's names of what is told of a histogram, by ours. */
const STATISTIC_SUFFIXES: Readonly<Record<string, string>> = {
  min: '_min',
  max: '_max',
  mean: '_mean',
  stddev: '_stddev',
  p50: '_median',
  p75: '_p75',
  p90: '_p90',
  p95: '_p95',
  p98: '_p98',
  p99: '_p99',
  p999: '_p999',
  count: '_count',
};

/** What was asked for, in the order of the readings. */
export function metricValues(scopes: readonly ScopedReadings[], query: MetricsQuery): MetricValue[] {
  const values: MetricValue[] = [];
  for (const { scope, readings } of scopes) {
    const prefix = prefixOf(scope, query);
    if (prefix === undefined) continue;
    for (const reading of readings) addValues(values, prefix, reading);
  }
  return values;
}

/** What stands before the names of a scope; undefined: it was not asked for. */
function prefixOf(scope: MetricScope, query: MetricsQuery): string | undefined {
  switch (scope.type) {
    case 'job-manager':
      return query.type === 'job-manager' ? '' : undefined;
    case 'task-manager':
      return query.type === 'task-manager' && query.taskManagerId === scope.taskManagerId ? '' : undefined;
    case 'job':
    case 'task-manager-job':
      return query.type === 'job' && query.jobId === scope.jobId ? '' : undefined;
    default: {
      const isOf =
        query.type === 'vertex' && query.jobId === scope.jobId && query.vertexId === scope.vertexId;
      if (!isOf) return undefined;
      const subtask = `${scope.subtask}.`;
      return scope.type === 'task' ? subtask : `${subtask}${idPart(scope.operatorName)}.`;
    }
  }
}

function addValues(values: MetricValue[], prefix: string, reading: MetricReading): void {
  const id = prefix + metricPath(reading);
  const { statistics } = reading;
  if (statistics === undefined) {
    values.push({ id, value: id.endsWith('Watermark') ? watermarkText(reading.value) : reading.value });
    return;
  }
  for (const statistic of HISTOGRAM_STATISTICS)
    values.push({ id: `${id}${STATISTIC_SUFFIXES[statistic] ?? ''}`, value: statistics[statistic] });
}

/** Ids are divided by points, and lists of them by commas. */
function idPart(name: string): string {
  return name.replaceAll(/[ .:,]/g, '_');
}

/** The ends of time are those of Flink, by which its users know them. */
function watermarkText(value: number | string): number | string {
  if (value === Watermark.MIN) return '-9223372036854775808';
  return value === Watermark.MAX ? '9223372036854775807' : value;
}
