import { SortedKeys } from './sorted-keys.js';

/** One version of a row; never changed, so that a frozen map of rows stays what it was. */
export interface HeapRow {
  readonly value: Uint8Array;
  /** Bytes of the key by which rows are scanned together. */
  readonly prefixLength: number;
  /** The generation in which the row came to be, if it was not there at the last freeze; otherwise -1. */
  readonly bornIn: number;
}

/** Rows that changed; undefined: deleted. Keys are the bytes of row keys as Latin-1 text. */
export type HeapChanges = Map<string, HeapRow | undefined>;

/** Bytes that a row counts beside key and value. */
const ROW_OVERHEAD_BYTES = 8;

/**
 * The rows of one table in one key group. Sharding keeps every Map small: a single Map that meets the heap
 * limit while it grows ends the process, many small ones only the thread.
 *
 * Invariants:
 * - `sorted`, where there is one, holds exactly the keys of `rows`;
 * - `changes` holds every key whose row differs from the last freeze, unless it neither was there then nor
 *   is now;
 * - a row has a generation in which it was born only if no changes that were taken, and not let go, have its key from
 *   before that;
 * - each of `undo` holds, for the keys changed since it was begun, what they were then.
 */
export class HeapShard {
  /** Number of the table in its store. */
  readonly table: number;
  readonly keyGroup: number;
  readonly #rows = new Map<string, HeapRow>();
  readonly #sorted: SortedKeys | undefined;
  #changes: HeapChanges = new Map();
  /** Changes that were taken and not let go: a snapshot under way may make them count. */
  readonly #taken: HeapChanges[] = [];
  readonly #undo: HeapChanges[] = [];
  #liveBytes = 0;

  constructor(table: number, keyGroup: number, ordered: boolean) {
    this.table = table;
    this.keyGroup = keyGroup;
    this.#sorted = ordered ? new SortedKeys() : undefined;
  }

  get liveBytes(): number {
    return this.#liveBytes;
  }

  get isOrdered(): boolean {
    return this.#sorted !== undefined;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  get hasChanges(): boolean {
    return this.#changes.size > 0;
  }

  get(key: string): HeapRow | undefined {
    return this.#rows.get(key);
  }

  put(key: string, value: Uint8Array, prefixLength: number, generation: number): void {
    const before = this.#rows.get(key);
    const isNew = before === undefined && !this.#changes.has(key) && !this.#taken.some((it) => it.has(key));
    const row = { value, prefixLength, bornIn: isNew ? generation : (before?.bornIn ?? -1) };
    this.#replace(key, before, row);
    this.#changes.set(key, row);
  }

  /** True if there was such a row. No snapshot that counts has rows born in `freshFrom` or later. */
  delete(key: string, freshFrom: number): boolean {
    const before = this.#rows.get(key);
    if (before === undefined) return false;
    this.#replace(key, before, undefined);
    // What came and went between two freezes has never been anywhere else.
    if (before.bornIn >= freshFrom) this.#changes.delete(key);
    else this.#changes.set(key, undefined);
    return true;
  }

  /** Like put and delete, but no change that a checkpoint would have to hold. */
  restore(key: string, value: Uint8Array | undefined, prefixLength: number): void {
    const row = value === undefined ? undefined : { value, prefixLength, bornIn: -1 };
    this.#replace(key, this.#rows.get(key), row);
  }

  /** The first key that is the given one or follows it; in ordered tables. */
  ceiling(key: string): string | undefined {
    return this.#sorted?.ceiling(key);
  }

  /** The first key that follows the given one; in ordered tables. */
  higher(key: string): string | undefined {
    return this.#sorted?.higher(key);
  }

  /** Ascending, and a copy. */
  keys(): string[] {
    return [...this.#rows.keys()].sort();
  }

  /** What changed since the last call; to be given to {@link letGo} or {@link takeBack} once. */
  takeChanges(): HeapChanges {
    const changes = this.#changes;
    this.#taken.push(changes);
    this.#changes = new Map();
    return changes;
  }

  /** The changes are in a completed checkpoint, or among later ones that were taken. */
  letGo(taken: HeapChanges): void {
    const at = this.#taken.indexOf(taken);
    if (at >= 0) this.#taken.splice(at, 1);
  }

  /**
   * Takes changes back, newest first, as if they had not been frozen: their snapshot does not count. They were frozen
   * in generation `since` and later. Who still reads them sees nothing of it.
   */
  takeBack(taken: HeapChanges, since: number): void {
    this.letGo(taken);
    const changes = this.#changes;
    for (const [key, before] of taken) {
      if (!changes.has(key)) changes.set(key, before);
      // What came in these changes and went later has never been anywhere else: no older ones have it.
      else if (changes.get(key) === undefined && before !== undefined && before.bornIn >= since)
        changes.delete(key);
    }
  }

  /** From now on `undo` remembers what keys were. */
  beginUndo(undo: HeapChanges): void {
    this.#undo.push(undo);
  }

  endUndo(undo: HeapChanges): void {
    const at = this.#undo.indexOf(undo);
    if (at >= 0) this.#undo.splice(at, 1);
  }

  /** The rows as they were when `undo` was begun. */
  rowsBefore(undo: HeapChanges): [string, HeapRow][] {
    const rows: [string, HeapRow][] = [];
    for (const entry of this.#rows) if (!undo.has(entry[0])) rows.push(entry);
    for (const [key, row] of undo) if (row !== undefined) rows.push([key, row]);
    return rows;
  }

  #replace(key: string, before: HeapRow | undefined, after: HeapRow | undefined): void {
    for (const undo of this.#undo) if (!undo.has(key)) undo.set(key, before);
    if (before !== undefined) this.#liveBytes -= key.length + before.value.length + ROW_OVERHEAD_BYTES;
    if (after === undefined) {
      this.#rows.delete(key);
      this.#sorted?.delete(key);
      return;
    }
    this.#liveBytes += key.length + after.value.length + ROW_OVERHEAD_BYTES;
    this.#rows.set(key, after);
    if (before === undefined) this.#sorted?.add(key);
  }
}
