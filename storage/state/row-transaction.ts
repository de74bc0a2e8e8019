import type { LmdbEnvironment } from './lmdb-environment.js';
import type { LmdbRows } from './lmdb-rows.js';
import type { SortedRows } from './sorted-rows.js';

/** LMDB's number for a transaction that it gives up. */
const MDB_BAD_TXN = -30782;

/**
 * Rows of one transaction. Neighbours in the tree share its pages, and the fewer pages a transaction takes, the shorter
 * are the lists of pages that LMDB sorts and merges at its end.
 */
const ROWS_MAX = 256;

/**
 * Says when a thread may be ended by force: never inside an LMDB write transaction, which would block every
 * later writer of the process.
 */
export interface WriteGuard {
  /** A write transaction begins. False: the thread is being ended, and must write no more. */
  enter(): boolean;
  leave(): void;
}

/** Guards nothing: where the writer's thread is never ended by force. */
export const NO_WRITE_GUARD: WriteGuard = { enter: () => true, leave: () => {} };

/**
 * Writes the rows in transactions of neighbours, one after another; what is written when one fails stays. False: the
 * thread is being ended, and not all is written.
 */
export function commitRows(
  environment: Pick<LmdbEnvironment, 'transact'>,
  rows: Pick<LmdbRows, 'put'>,
  sorted: SortedRows,
  guard: WriteGuard = NO_WRITE_GUARD,
): boolean {
  const count = sorted.sort();
  for (let from = 0; from < count; from += ROWS_MAX) {
    if (!guard.enter()) return false;
    try {
      commit(environment, rows, sorted, from, Math.min(count, from + ROWS_MAX));
    } finally {
      guard.leave();
    }
  }
  return true;
}

/**
 * Writes the rows [from, to) in one transaction. Where LMDB gives that up, they are written in two of half the rows
 * each, and so on: its list of free pages can come out such that a commit which is right cannot save it, and with other
 * pages it can. What was given up is undone, and a row that is written twice is the same row.
 */
function commit(
  environment: Pick<LmdbEnvironment, 'transact'>,
  rows: Pick<LmdbRows, 'put'>,
  sorted: SortedRows,
  from: number,
  to: number,
): void {
  try {
    environment.transact(() => {
      sorted.visit(from, to, (table, keyGroup, key, value) => rows.put(table, keyGroup, key, value));
    });
  } catch (error) {
    if (to - from < 2 || !isGivenUp(error)) throw error;
    const middle = (from + to) >> 1;
    commit(environment, rows, sorted, from, middle);
    commit(environment, rows, sorted, middle, to);
  }
}

function isGivenUp(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === MDB_BAD_TXN;
}
