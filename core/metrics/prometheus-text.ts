import type { HistogramStatistic } from './metric-descriptor.js';
import { scopeLabels, scopePath } from './metric-labels.js';
import type { MetricReading, MetricScope, ScopedReadings } from './metric-reading.js';

/** What is said of a histogram, as quantiles of a summary. */
const QUANTILES: readonly (readonly [quantile: string, statistic: HistogramStatistic])[] = [
  ['0.5', 'p50'],
  ['0.75', 'p75'],
  ['0.95', 'p95'],
  ['0.98', 'p98'],
  ['0.99', 'p99'],
  ['0.999', 'p999'],
];

interface Family {
  readonly head: string;
  readonly lines: string[];
}

/**
 * All metrics in Prometheus' text format, with the names and labels of Flink's reporter: `flink_`, the scope, groups
 * and name; `job_name`, `task_name`, `subtask_index`, `operator_name`, `tm_id`, `host` and so on. Counters are gauges
 * as there, since users' counters may go down; what is no number is left out.
 */
export function prometheusText(scopes: readonly ScopedReadings[], host: string): string {
  const families = new Map<string, Family>();
  for (const { scope, readings } of scopes) {
    const labels = scopeLabels(scope, host);
    for (const reading of readings)
      if (typeof reading.value === 'number') add(families, scope, labels, reading);
  }
  let text = '';
  for (const { head, lines } of families.values()) text += `${head}${lines.join('')}`;
  return text;
}

function add(
  families: Map<string, Family>,
  scope: MetricScope,
  scopeLabels: readonly (readonly [string, string])[],
  reading: MetricReading,
): void {
  const place = [scopePath(scope).join('_'), ...reading.groups.map(({ name }) => name)].join('_');
  const name = cleanName(`flink_${place}_${reading.name}`);
  let family = families.get(name);
  if (family === undefined) {
    const type = reading.kind === 'histogram' ? 'summary' : 'gauge';
    const help = `${reading.name} (scope: ${place})`.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    family = { head: `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`, lines: [] };
    families.set(name, family);
  }
  const variables = reading.groups.flatMap(({ name: key, value }): [string, string][] =>
    value === undefined ? [] : [[key, value]],
  );
  const labels = [...scopeLabels, ...variables];
  const { statistics } = reading;
  if (statistics === undefined) {
    family.lines.push(`${name}${labelText(labels)} ${numberText(Number(reading.value))}\n`);
    return;
  }
  for (const [quantile, statistic] of QUANTILES)
    family.lines.push(
      `${name}${labelText([...labels, ['quantile', quantile]])} ${numberText(statistics[statistic])}\n`,
    );
  family.lines.push(`${name}_count${labelText(labels)} ${numberText(statistics.count)}\n`);
}

function labelText(labels: readonly (readonly [string, string])[]): string {
  const seen = new Set<string>();
  const parts: string[] = [];
  for (const [key, value] of labels) {
    const name = cleanLabel(key);
    if (seen.has(name)) continue;
    seen.add(name);
    parts.push(`${name}="${escaped(value)}"`);
  }
  return `{${parts.join(',')}}`;
}

function cleanName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_:]/g, '_');
}

function cleanLabel(name: string): string {
  const clean = name.replaceAll(/[^a-zA-Z0-9_]/g, '_');
  return /^\d/.test(clean) ? `_${clean}` : clean;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
