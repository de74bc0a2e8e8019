import type { TaskAddress } from '../../core/internal.js';

type Counts = Readonly<Record<string, number>>;

/** Of the newest attempt at a task that has reported. */
interface Counted {
  readonly attempt: number;
  readonly counts: Counts;
}

/**
 * What the tasks of a job have counted, over all attempts of this process.
 *
 * Invariants: a report replaces the one before it of the same task and attempt; what older attempts at a task have
 * counted is kept as sums alone, so that there is one report for each task, however often it is restarted.
 */
export class JobCounters {
  readonly #latest = new Map<string, Counted>();
  readonly #former = new Map<string, number>();

  /** What an attempt says that another one at the task has followed is too late. */
  add({ attempt, vertexId, subtask }: TaskAddress, counts: Counts): void {
    const task = `${vertexId}/${subtask}`;
    const before = this.#latest.get(task);
    if (before !== undefined && before.attempt > attempt) return;
    if (before !== undefined && before.attempt < attempt) addUp(before.counts, this.#former);
    this.#latest.set(task, { attempt, counts });
  }

  /** Summed by `<uid>.<name>`, which are in order. */
  sums(): Record<string, number> {
    const sums = new Map(this.#former);
    for (const { counts } of this.#latest.values()) addUp(counts, sums);
    return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function addUp(counts: Counts, sums: Map<string, number>): void {
  for (const [name, count] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + count);
}
