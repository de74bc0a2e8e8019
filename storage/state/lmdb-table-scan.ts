import type { RowVisitor } from '../../core/internal.js';
import type { LmdbHome } from './lmdb-home.js';
import type { MemoryReclaimer } from './memory-reclaimer.js';
import type { Memtable } from './memtable.js';
import type { MemtableScan } from './memtable-scan.js';
import type { MemtableTable } from './memtable-table.js';
import { TRAILER_BYTES } from './row-block-writer.js';
import { compareBytes } from './row-bytes.js';

/** Rows of LMDB that are fetched at a time. */
const PAGE_ROWS = 256;

/** A row in memory; `value` undefined: it is deleted. Views, valid until rows move. */
export interface MemoryRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** What a scan needs of its store. */
export interface LmdbScanHost {
  readonly memtable: Memtable;
  readonly reclaimer: MemoryReclaimer;
  readonly home: LmdbHome;
}

/**
 * Visits rows of memory and of LMDB in one ascending order; of two of one key that of memory counts. The
 * visitor may delete what it is shown: should that make rows move, the scan begins anew behind the last row
 * that it has shown.
 *
 * Invariant: every row up to `#after` has been shown, or is deleted.
 */
export class LmdbTableScan {
  readonly #host: LmdbScanHost;
  readonly #table: MemtableTable;
  readonly #keyGroup: number;
  readonly #prefix: Uint8Array;
  readonly #inMemory: () => readonly MemoryRow[];
  #after: Uint8Array | undefined = undefined;

  /** `inMemory` gives the rows in memory, ascending. */
  constructor(
    host: LmdbScanHost,
    table: MemtableTable,
    keyGroup: number,
    prefix: Uint8Array,
    inMemory: () => readonly MemoryRow[],
  ) {
    this.#host = host;
    this.#table = table;
    this.#keyGroup = keyGroup;
    this.#prefix = prefix;
    this.#inMemory = inMemory;
  }

  visit(visit: RowVisitor): void {
    const { memtable } = this.#host;
    memtable.scans++;
    try {
      while (!this.#visitUntilMoved(visit));
    } finally {
      memtable.scans--;
    }
  }

  /** True if the scan has ended, false if rows have moved. */
  #visitUntilMoved(visit: RowVisitor): boolean {
    const { memtable } = this.#host;
    const moves = memtable.moves;
    const rows = this.#inMemory();
    let next = this.#firstAfter(rows);
    let page = this.#fetch(this.#after);
    let nextStored = 0;
    for (;;) {
      if (nextStored === page.length && page.length === PAGE_ROWS) {
        page = this.#fetch(page.at(-1)?.key);
        nextStored = 0;
      }
      const row = rows[next];
      const stored = page[nextStored];
      if (row === undefined && stored === undefined) return true;
      const order = orderOf(row, stored);
      const shown = order <= 0 ? row : stored;
      if (order <= 0) next++;
      if (order >= 0) nextStored++;
      if (shown?.value === undefined) continue;
      // The row may be deleted and its memory used again before the scan has to know where it was.
      const key = shown.key.slice();
      if (!visit(key, shown.value)) return true;
      this.#after = key;
      if (memtable.moves !== moves) return false;
    }
  }

  #firstAfter(rows: readonly MemoryRow[]): number {
    const after = this.#after;
    if (after === undefined) return 0;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const key = rows[middle]?.key ?? after;
      if (compareBytes(key, 0, key.length, after, 0, after.length) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #fetch(after: Uint8Array | undefined): MemoryRow[] {
    const page: MemoryRow[] = [];
    if (!this.#host.reclaimer.hasDropped) return page;
    const range = { table: this.#table.number, keyGroup: this.#keyGroup, prefix: this.#prefix, after };
    this.#host.home.rows.scan(range, (key, stored) => {
      return page.push({ key: key.slice(), value: storedValue(this.#table, stored).slice() }) < PAGE_ROWS;
    });
    return page;
  }
}

/** LMDB keeps the length of the prefix behind the value of an ordered table's row. */
export function storedValue(table: MemtableTable, stored: Uint8Array): Uint8Array {
  return table.ordered ? stored.subarray(0, stored.length - TRAILER_BYTES) : stored;
}

export function memoryRows(scan: MemtableScan, table: MemtableTable, refs: readonly number[]): MemoryRow[] {
  return refs.map((ref) => ({ key: scan.keyOf(table, ref), value: scan.valueOf(table, ref) }));
}

/** Negative: the row of memory comes first; 0: both have the same key; what is missing comes last. */
function orderOf(row: MemoryRow | undefined, stored: MemoryRow | undefined): number {
  if (row === undefined) return 1;
  if (stored === undefined) return -1;
  return compareBytes(row.key, 0, row.key.length, stored.key, 0, stored.key.length);
}
