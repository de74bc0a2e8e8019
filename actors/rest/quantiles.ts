import { percentile, type StatsSummary } from '../../core/internal.js';

/** What Flink tells of a set of numbers; for what is no number JSON has no word, but Flink has one. */
export function statsJson(stats: StatsSummary): Readonly<Record<string, number | string>> {
  const told = (value: number): number | string => (Number.isNaN(value) ? 'NaN' : value);
  return {
    min: Math.round(stats.min),
    max: Math.round(stats.max),
    avg: Math.trunc(stats.avg),
    p50: told(stats.p50),
    p90: told(stats.p90),
    p95: told(stats.p95),
    p99: told(stats.p99),
    p999: told(stats.p999),
  };
}

/** In whole numbers and other names, which Flink uses for what the subtasks of a vertex have done. */
export function aggregated(values: readonly number[]): Readonly<Record<string, number>> {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => (sorted.length === 0 ? 0 : Math.trunc(percentile(sorted, share)));
  const sum = sumOf(sorted);
  return {
    min: Math.trunc(sorted[0] ?? 0),
    max: Math.trunc(sorted.at(-1) ?? 0),
    avg: sorted.length === 0 ? 0 : Math.trunc(sum / sorted.length),
    sum: Math.trunc(sum),
    median: at(0.5),
    p25: at(0.25),
    p75: at(0.75),
    p95: at(0.95),
  };
}

export function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
