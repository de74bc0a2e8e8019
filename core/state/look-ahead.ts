import { murmurOfInt } from '../base/murmur3.js';
import type { KeyGroupRange, RowBatch, StateTable } from '../ports/keyed-state-store.js';
import { intRowHash } from './row-hash.js';
import type { TextKeys } from './text-keys.js';

const hashOfInt = murmurOfInt;
const hashOfRow = intRowHash;

/** Records that are looked at ahead, at most: about as many as reads that a processor has under way. */
export const LOOK_AHEAD_RECORDS = 32;

/**
 * Begins to fetch the state of keys whose records come next. In a state that no cache of the processor holds, a
 * record waits for memory longer than it takes; asked for together, the rows of a batch of records come at the same
 * time. Nothing is changed by it, and nothing depends on it.
 *
 * Of keys that are integers or texts. What is found out about texts is kept for their records; the bytes of other keys,
 * which may change until then, would be made twice, and that costs what is gained.
 *
 * hot path: bench/scenarios/keyed-count, key-kinds
 */
export class LookAhead {
  declare private readonly maxParallelism: number;
  declare private readonly firstKeyGroup: number;
  declare private readonly lastKeyGroup: number;
  declare private readonly texts: TextKeys;
  private readonly tables: StateTable[] = [];
  private readonly hashes = new Int32Array(LOOK_AHEAD_RECORDS);
  private readonly keyGroups = new Int32Array(LOOK_AHEAD_RECORDS);
  private readonly rows: RowBatch = { hashes: this.hashes, keyGroups: this.keyGroups };
  /** What was read, so that it is: a read that nobody uses does not happen. */
  private seen = 0;

  /** @param texts takes up the keys that are texts; of LOOK_AHEAD_RECORDS */
  constructor({ start, end }: KeyGroupRange, maxParallelism: number, texts: TextKeys) {
    this.firstKeyGroup = start;
    this.lastKeyGroup = end;
    this.maxParallelism = maxParallelism;
    this.texts = texts;
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
    const { texts } = this;
    texts.clear();
    const known = this.hash(values, count, keySelector);
    if (known > 0 || count === 0) {
      for (const table of this.tables) this.seen ^= table.touch(this.rows, known);
      return;
    }
    this.takeTexts(values, count, keySelector);
    const walked = texts.walkAll();
    for (const table of this.tables) this.seen ^= table.touch(texts, walked);
  }

  /** How many of the records, from the first on, have a key whose row is known by its hash. */
  private hash<T>(values: readonly T[], count: number, keySelector: (value: T) => unknown): number {
    const { hashes, keyGroups, maxParallelism, firstKeyGroup, lastKeyGroup } = this;
    let i = 0;
    try {
      for (; i < count; i++) {
        const key = keySelector(values[i] as T);
        if (typeof key !== 'number' || (key | 0) !== key) break;
        const hash = hashOfInt(key | 0);
        const keyGroup = hash % maxParallelism;
        // A key of somebody else is refused when its record comes, and no table has a place for it.
        if (keyGroup < firstKeyGroup || keyGroup > lastKeyGroup) break;
        keyGroups[i] = keyGroup;
        hashes[i] = hashOfRow(hash);
      }
    } catch {
      // The selector is asked again for each of the records, and its error is told with the record then.
    }
    return i;
  }

  /** Takes up the keys of the records from the first on, as far as they are texts. */
  private takeTexts<T>(values: readonly T[], count: number, keySelector: (value: T) => unknown): void {
    const { texts } = this;
    try {
      for (let i = 0; i < count; i++) {
        const key = keySelector(values[i] as T);
        if (typeof key !== 'string') return;
        // Texts lie apart, each one a miss, and here many of them are under way at once.
        this.seen ^= key.length;
        texts.add(key);
      }
    } catch {
      // As above.
    }
  }
}
