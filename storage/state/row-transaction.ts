import type { LmdbEnvironment } from './lmdb-environment.js';
import type { LmdbRows } from './lmdb-rows.js';
import type { SortedRows } from './sorted-rows.js';

/** LMDB's number for a transaction that it gives up. */
const MDB_BAD_TXN = -30782;

/**
 * Writes the rows in one transaction. Where LMDB gives that up, they are written in two of half the rows each, and
 * so on: its list of free pages can come out such that a commit which is right cannot save it, and with other pages it
 * can. What was given up is undone, and a row that is written twice is the same row.
 */
export function commitRows(
  environment: Pick<LmdbEnvironment, 'transact'>,
  rows: Pick<LmdbRows, 'put'>,
  sorted: SortedRows,
): void {
  const commit = (from: number, to: number): void => {
    try {
      environment.transact(() => {
        sorted.visit(from, to, (table, keyGroup, key, value) => rows.put(table, keyGroup, key, value));
      });
    } catch (error) {
      if (to - from < 2 || !isGivenUp(error)) throw error;
      const middle = (from + to) >> 1;
      commit(from, middle);
      commit(middle, to);
    }
  };
  commit(0, sorted.sort());
}

function isGivenUp(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === MDB_BAD_TXN;
}
