import t from 'tap';
import { manifestOf } from '../unit/storage/led-job.js';
import { type MakeChecker, says } from './checker-story.js';
import { FrozenRows } from './checkers/frozen-rows.js';
import { RestoreChecker } from './checkers/restore-checker.js';
import type { RowsDigest, SeenRows } from './observed-rows.js';
import type { WorldListeners } from './world-listener.js';

const THREE: RowsDigest = { count: 3, sum: 33 };
const OTHER: RowsDigest = { count: 3, sum: 34 };
const FOUR: RowsDigest = { count: 4, sum: 44 };
const NONE: RowsDigest = { count: 0, sum: 0 };

const restoreChecker: MakeChecker = (verdict, _, listeners) => {
  const frozen = new FrozenRows();
  listeners.add(frozen);
  return new RestoreChecker(frozen, verdict);
};

/** Of key groups that follow each other. */
function rowsOf(first: number, digests: readonly RowsDigest[], typeId = 'int32'): SeenRows {
  return { uid: 'o', table: 't', typeId, groups: new Map(digests.map((digest, at) => [first + at, digest])) };
}

/** The storage of a leader is asked for that, and says that it is done. */
function store(told: WorldListeners, type: 'complete' | 'export', checkpointId: number, epoch = 1): void {
  const call = { type, manifest: manifestOf(checkpointId, epoch, []) };
  told.onStorageAsked('p1', call);
  told.onStorageAnswered('p1', call, { type: 'done', value: undefined });
}

t.test('what is restored is what was frozen', async (t) => {
  for (const [restored, expected] of [
    [[rowsOf(5, [THREE, NONE]), rowsOf(7, [FOUR])], undefined],
    // By other subtasks than had them.
    [[rowsOf(5, [THREE]), rowsOf(6, [NONE, FOUR])], undefined],
    [[rowsOf(5, [FOUR])], /Of key group 5 of 't' of 'o', 3 rows were frozen for checkpoint 7, and 4 are/],
    [[rowsOf(5, [THREE, FOUR])], /Of key group 6 of .*, 0 rows were frozen .*, and 4 are restored/],
    [[rowsOf(6, [NONE, NONE])], /Of key group 7 of .*, 4 rows were frozen .*, and 0 are restored/],
    [[rowsOf(5, [OTHER])], /Of key group 5 of .*, 3 rows were frozen .*, and 3 others are restored/],
    // Of a table, an operator, or a key group that nobody saw frozen.
    [[{ ...rowsOf(5, [FOUR]), table: 'u' }], undefined],
    [[{ ...rowsOf(5, [FOUR]), uid: 'p' }], undefined],
    [[rowsOf(8, [FOUR])], undefined],
    // They are migrated.
    [[rowsOf(5, [FOUR], 'int64')], undefined],
  ] as const)
    await says(
      t,
      restoreChecker,
      ({ listeners }) => {
        listeners.onRowsFrozen(1, 7, rowsOf(5, [THREE, NONE]));
        listeners.onRowsFrozen(1, 7, rowsOf(7, [FOUR]));
        store(listeners, 'complete', 7);
        for (const rows of restored) listeners.onRowsRestored(1, 7, rows);
      },
      expected,
    );
});

t.test('rows that expire may be missing, and are never others', async (t) => {
  const ofRows = (...rows: number[]): RowsDigest => ({ count: rows.length, sum: 0, rows: new Set(rows) });
  for (const [restored, expected] of [
    [ofRows(1, 2, 3), undefined],
    [ofRows(1, 3), undefined],
    [ofRows(), undefined],
    [ofRows(1, 4), /3 rows were frozen for checkpoint 7, and 2 are restored/],
    [ofRows(1, 2, 4), /3 rows were frozen for checkpoint 7, and 3 others are restored/],
  ] as const)
    await says(
      t,
      restoreChecker,
      ({ listeners }) => {
        listeners.onRowsFrozen(1, 7, rowsOf(5, [ofRows(1, 2, 3)]));
        store(listeners, 'complete', 7);
        listeners.onRowsRestored(1, 7, rowsOf(5, [restored]));
      },
      expected,
    );
});

t.test('a leader goes on from what another one has frozen', async (t) => {
  const wrong = /key group 5 of .*, 3 rows were frozen for checkpoint/;
  // Who froze what it begins from, if it is no savepoint, or who exported that; and what it restores.
  for (const [from, exporters, restoredId, expected] of [
    [1, undefined, 7, wrong],
    [2, undefined, 7, undefined],
    // Its own.
    [2, undefined, 8, wrong],
    // Nobody saw that.
    [3, undefined, 7, undefined],
    [9, [], 7, undefined],
    [9, [1], 7, wrong],
    [9, [2], 7, undefined],
    [9, [1, 4], 7, wrong],
    // One of the two, or nobody knows.
    [9, [1, 2], 7, undefined],
    [9, [1, 3], 7, undefined],
  ] as const)
    await says(
      t,
      restoreChecker,
      ({ listeners }) => {
        const foundId = exporters && 6;
        for (const [epoch, digest] of [
          [1, THREE],
          [2, FOUR],
          [4, NONE],
        ] as const)
          listeners.onRowsFrozen(epoch, foundId ?? 7, rowsOf(5, [digest]));
        for (const exporter of exporters ?? []) store(listeners, 'export', 6, exporter);
        listeners.onJobBegun(9, manifestOf(7, from, []), foundId);
        listeners.onRowsFrozen(9, 8, rowsOf(5, [THREE]));
        listeners.onRowsRestored(9, restoredId, rowsOf(5, [FOUR]));
      },
      expected,
    );
  await says(
    t,
    restoreChecker,
    ({ listeners }) => {
      listeners.onRowsFrozen(1, 1, rowsOf(5, [THREE]));
      listeners.onJobBegun(1, undefined, undefined);
      listeners.onRowsRestored(1, 1, rowsOf(5, [THREE]));
    },
    undefined,
  );
});

t.test('rows of old checkpoints are forgotten', async (t) => {
  for (const [newest, expected] of [
    [3, /for checkpoint 1/],
    [4, /for checkpoint 1/],
    [5, undefined],
  ] as const)
    await says(
      t,
      restoreChecker,
      ({ listeners }) => {
        for (let id = 1; id <= newest; id++) {
          listeners.onRowsFrozen(1, id, rowsOf(5, [THREE]));
          store(listeners, 'complete', id);
        }
        const again = { type: 'complete', manifest: manifestOf(9, 1, []) } as const;
        listeners.onStorageAnswered('p1', again, { type: 'failed', error: undefined });
        listeners.onRowsRestored(1, 1, rowsOf(5, [FOUR]));
      },
      expected,
    );
});
