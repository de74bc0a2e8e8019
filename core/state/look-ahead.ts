import { murmurOfInt } from '../base/murmur3.js';
import type { RowBatch, StateTable } from '../ports/keyed-state-store.js';
import { intRowHash } from './row-hash.js';

const hashOfInt = murmurOfInt;
const hashOfRow = intRowHash;

/** Records that are looked at ahead, at most: about as many as reads that a processor has under way. */
export const LOOK_AHEAD_RECORDS = 32;

/**
 * Begins to fetch the state of keys whose records come next. In a state that no cache of the processor holds, a
 * record waits for memory longer than it takes; asked for together, the rows of a batch of records come at the same
 * time. Nothing is changed by it, and nothing depends on it.
 *
 * Of keys that are integers: those of other keys are found by way of their bytes, and making them twice costs what
 * is gained.
 *
 * hot path: bench/scenarios/keyed-count
 */
export class LookAhead {
  declare private readonly maxParallelism: number;
  private readonly tables: StateTable[] = [];
  private readonly hashes = new Int32Array(LOOK_AHEAD_RECORDS);
  private readonly keyGroups = new Int32Array(LOOK_AHEAD_RECORDS);
  private readonly rows: RowBatch = { hashes: this.hashes, keyGroups: this.keyGroups };
  /** What was read, so that it is: a read that nobody uses does not happen. */
  private seen = 0;

  constructor(maxParallelism: number) {
    this.maxParallelism = maxParallelism;
  }

  /** A table with one row for each key. */
  add(table: StateTable): void {
    if (!this.tables.includes(table)) this.tables.push(table);
  }

  /** Whether the state is large enough for {@link touch} to gain more than it costs. */
  get pays(): boolean {
    for (const table of this.tables) if (table.isLarge) return true;
    return false;
  }

  /**
   * @param values records in the order in which they come, `count` of them, at most LOOK_AHEAD_RECORDS
   * @param keySelector what it throws is left for the record's own call to meet
   */
  touch<T>(values: readonly T[], count: number, keySelector: (value: T) => unknown): void {
    const known = this.hash(values, count, keySelector);
    for (const table of this.tables) this.seen ^= table.touch(this.rows, known);
  }

  /** How many of the records, from the first on, have a key whose row is known by its hash. */
  private hash<T>(values: readonly T[], count: number, keySelector: (value: T) => unknown): number {
    const { hashes, keyGroups, maxParallelism } = this;
    let i = 0;
    try {
      for (; i < count; i++) {
        const key = keySelector(values[i] as T);
        if (typeof key !== 'number' || (key | 0) !== key) break;
        const hash = hashOfInt(key | 0);
        keyGroups[i] = hash % maxParallelism;
        hashes[i] = hashOfRow(hash);
      }
    } catch {
      // The selector is asked again for each of the records, and its error is told with the record then.
    }
    return i;
  }
}
