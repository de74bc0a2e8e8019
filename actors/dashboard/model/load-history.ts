import type { JobDetail } from './flink-json.js';
import { type Load, vertexLoads } from './vertex-load.js';

/** One look at a job, and what it did since the look before. */
export interface LoadSample {
  /** By the server's clock, ms. */
  readonly atMs: number;
  readonly loads: ReadonlyMap<string, Load>;
}

/** Ten minutes at a look a second. */
const SAMPLES_MAX = 600;

/**
 * The looks at one job while its pages are open, for the plots.
 *
 * Invariants: samples are in the order of the server's clock; at most {@link SAMPLES_MAX} are kept.
 */
export class LoadHistory {
  #last: JobDetail | undefined;
  #samples: readonly LoadSample[] = [];

  /** The same look twice, or one that came late, changes nothing. */
  add(job: JobDetail): void {
    if (this.#last !== undefined && job.now <= this.#last.now) return;
    const sample = { atMs: job.now, loads: vertexLoads(this.#last, job) };
    this.#last = job;
    this.#samples = [...this.#samples.slice(-(SAMPLES_MAX - 1)), sample];
  }

  get samples(): readonly LoadSample[] {
    return this.#samples;
  }
}
