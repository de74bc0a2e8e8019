import type { CheckpointFigures, CheckpointRecord, StatsSummary } from './checkpoint-history.js';

/** Of how many of the newest checkpoints percentiles tell. */
const WINDOW = 1000;

const FIGURES = [
  'checkpointedBytes',
  'stateBytes',
  'durationMs',
  'processedBytes',
  'persistedBytes',
] as const satisfies readonly Figure[];

type Figure = keyof CheckpointFigures;

/** Values that come one by one: extremes and mean of all, percentiles of the newest {@link WINDOW}. */
class RunningStats {
  readonly #newest: number[] = [];
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.#newest[this.#count % WINDOW] = value;
    this.#count++;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  summarize(): StatsSummary {
    if (this.#count === 0) return summarizeValues([]);
    const { p50, p90, p95, p99, p999 } = summarizeValues(this.#newest);
    return { min: this.#min, max: this.#max, avg: this.#sum / this.#count, p50, p90, p95, p99, p999 };
  }
}

/** Invariant: it holds a bounded number of values, however many checkpoints complete. */
export class CheckpointSummary {
  readonly #stats: Readonly<Record<Figure, RunningStats>> = {
    checkpointedBytes: new RunningStats(),
    stateBytes: new RunningStats(),
    durationMs: new RunningStats(),
    processedBytes: new RunningStats(),
    persistedBytes: new RunningStats(),
  };

  add(record: CheckpointRecord): void {
    for (const figure of FIGURES) this.#stats[figure].add(record[figure]);
  }

  summarize(): CheckpointFigures {
    const { checkpointedBytes, stateBytes, durationMs, processedBytes, persistedBytes } = this.#stats;
    return {
      checkpointedBytes: checkpointedBytes.summarize(),
      stateBytes: stateBytes.summarize(),
      durationMs: durationMs.summarize(),
      processedBytes: processedBytes.summarize(),
      persistedBytes: persistedBytes.summarize(),
    };
  }
}

/** Of no values: extremes and mean are 0, percentiles not a number, as in Flink. */
export function summarizeValues(values: readonly number[]): StatsSummary {
  const sorted = [...values].sort((a, b) => a - b);
  const sum = sorted.reduce((total, value) => total + value, 0);
  return {
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
    avg: sorted.length === 0 ? 0 : sum / sorted.length,
    p50: percentile(sorted, 0.5),
    p90: percentile(sorted, 0.9),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
  };
}

/** Of sorted values, interpolated between neighbours at `share * (n + 1)`, as Flink's histograms do. */
export function percentile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length + 1);
  const below = Math.floor(place);
  const lower = sorted[Math.max(0, below - 1)] ?? Number.NaN;
  const upper = sorted[Math.min(sorted.length - 1, below)] ?? Number.NaN;
  return below < 1 ? lower : lower + (place - below) * (upper - lower);
}
