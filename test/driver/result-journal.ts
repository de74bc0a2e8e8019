import { resultText } from './result-difference.js';

/** Where a run stood when a result came. */
export interface ResultMoment {
  readonly turn: number;
  /** The task that ran then, if one did: `p1.0 2/1`. */
  readonly task: string | undefined;
}

/**
 * Notes when each result came, by looking at all of them again and again.
 */
export class ResultJournal<T> {
  readonly #moments = new Map<string, ResultMoment[]>();
  #before: readonly T[] = [];

  look(results: Iterable<T>, moment: ResultMoment): void {
    const now = [...results];
    const same = now.length === this.#before.length && now.every((value, i) => value === this.#before[i]);
    if (same) return;
    // Who only appends is asked for what he has appended.
    const appends = this.#before.every((value, i) => value === now[i]);
    const before = appends ? new Map<string, number>() : countsOf(this.#before);
    for (const result of appends ? now.slice(this.#before.length) : now) {
      const text = resultText(result);
      const left = before.get(text) ?? 0;
      if (left > 0) before.set(text, left - 1);
      else this.#note(text, moment);
    }
    this.#before = now;
  }

  /** When it came, each time. */
  momentsOf(result: T): readonly ResultMoment[] {
    return this.#moments.get(resultText(result)) ?? [];
  }

  #note(text: string, moment: ResultMoment): void {
    const moments = this.#moments.get(text);
    if (moments === undefined) this.#moments.set(text, [moment]);
    else moments.push(moment);
  }
}

function countsOf(results: readonly unknown[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const result of results) {
    const text = resultText(result);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}
