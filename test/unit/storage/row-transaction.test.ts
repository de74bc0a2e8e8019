import t from 'tap';
import { RowBlockWriter } from '../../../storage/state/row-block-writer.js';
import { commitRows } from '../../../storage/state/row-transaction.js';
import { SortedRows } from '../../../storage/state/sorted-rows.js';

/** Rows of one byte by a key of one byte. */
function blockOf(rows: readonly (readonly [key: number, value: number])[]): Uint8Array {
  const block = new RowBlockWriter();
  for (const [key, value] of rows) {
    block.beginRow(0, 1, 1, -1);
    block.endRow(Uint8Array.of(key), 0, 1, Uint8Array.of(value), 0, 1);
  }
  return block.take().slice();
}

/** LMDB, which gives up every transaction with more than so many rows; what it holds, in the order of writing. */
class Fussy {
  readonly committed: string[] = [];
  transactions = 0;
  #open: string[] = [];
  readonly #rowsMax: number;
  readonly #code: number;

  constructor(rowsMax: number, code = -30782) {
    this.#rowsMax = rowsMax;
    this.#code = code;
  }

  transact(work: () => void): void {
    this.transactions++;
    this.#open = [];
    work();
    if (this.#open.length > this.#rowsMax) throw Object.assign(new Error('given up'), { code: this.#code });
    this.committed.push(...this.#open);
  }

  put(_table: number, _keyGroup: number, key: Uint8Array, value: Uint8Array | undefined): void {
    this.#open.push(`${key[0]}:${value?.[0]}`);
  }
}

function rowsOf(...blocks: (readonly (readonly [number, number])[])[]): SortedRows {
  const sorted = new SortedRows();
  for (const block of blocks) sorted.add(blockOf(block));
  return sorted;
}

t.test('rows are written in order, in one transaction, and only the later one of two', async (t) => {
  const lmdb = new Fussy(100);
  commitRows(
    lmdb,
    lmdb,
    rowsOf(
      [
        [9, 1],
        [2, 1],
        [5, 1],
      ],
      [
        [5, 2],
        [1, 2],
      ],
    ),
  );
  t.same(lmdb.committed, ['1:2', '2:1', '5:2', '9:1']);
  t.equal(lmdb.transactions, 1);
});

t.test('what LMDB gives up is written in smaller transactions', async (t) => {
  const lmdb = new Fussy(2);
  commitRows(
    lmdb,
    lmdb,
    rowsOf([
      [7, 1],
      [3, 1],
      [5, 1],
      [1, 1],
      [9, 1],
      [3, 2],
    ]),
  );
  t.same(lmdb.committed, ['1:1', '3:2', '5:1', '7:1', '9:1']);
  t.equal(lmdb.transactions, 5);
});

/** Rows of one byte by keys of two, the last first. */
function manyRows(count: number): SortedRows {
  const block = new RowBlockWriter();
  for (let key = count - 1; key >= 0; key--) {
    block.beginRow(0, 1, 2, -1);
    block.endRow(Uint8Array.of(key >> 8, key), 0, 2, Uint8Array.of(1), 0, 1);
  }
  const sorted = new SortedRows();
  sorted.add(block.take().slice());
  return sorted;
}

t.test('of many rows neighbours are written together', async (t) => {
  const lmdb = new Fussy(256);
  t.equal(commitRows(lmdb, lmdb, manyRows(600)), true);
  t.equal(lmdb.transactions, 3);
  t.same(
    lmdb.committed,
    Array.from({ length: 600 }, (_, key) => `${key >> 8}:1`),
  );
});

t.test(
  'a thread that is being ended writes no further transaction, and is left after a failure',
  async (t) => {
    const lmdb = new Fussy(256);
    let [entered, left] = [0, 0];
    const guard = { enter: () => ++entered < 2, leave: () => left++ };
    t.equal(commitRows(lmdb, lmdb, manyRows(600), guard), false);
    t.same([lmdb.committed.length, entered, left], [256, 2, 1]);
    const full = new Fussy(2, 28);
    [entered, left] = [0, 0];
    t.throws(() => commitRows(full, full, manyRows(3), guard), { code: 28 });
    t.same([entered, left], [1, 1]);
  },
);

t.test('another failure, and a single row that is given up, are failures', async (t) => {
  const full = new Fussy(2, 28);
  t.throws(
    () =>
      commitRows(
        full,
        full,
        rowsOf([
          [7, 1],
          [3, 1],
          [5, 1],
        ]),
      ),
    { code: 28 },
  );
  t.equal(full.transactions, 1);
  const never = new Fussy(0);
  t.match(
    refusedCode(() =>
      commitRows(
        never,
        never,
        rowsOf([
          [7, 1],
          [3, 1],
        ]),
      ),
    ),
    -30782,
  );
  t.same(never.committed, []);
});

function refusedCode(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return (error as { readonly code: unknown }).code;
  }
  return undefined;
}
