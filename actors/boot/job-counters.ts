import type { TaskAddress } from '../../core/internal.js';

type Counts = Readonly<Record<string, number>>;

/**
 * What the tasks of a job have counted, over all attempts of this process.
 *
 * Invariant: a report replaces the one before it of the same task and attempt.
 */
export class JobCounters {
  readonly #latest = new Map<string, Counts>();

  add({ attempt, vertexId, subtask }: TaskAddress, counts: Counts): void {
    this.#latest.set(`${attempt}/${vertexId}/${subtask}`, counts);
  }

  /** Summed by `<uid>.<name>`, which are in order. */
  sums(): Record<string, number> {
    const sums = new Map<string, number>();
    for (const counts of this.#latest.values()) {
      for (const [name, count] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + count);
    }
    return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
