import t from 'tap';
import type {
  AccumulatorValue,
  CheckpointManifest,
  OperatorListHandle,
  OperatorStateHandle,
} from '../../core/internal.js';
import { manifestOf } from '../unit/storage/led-job.js';
import { says } from './checker-story.js';
import { InheritanceChecker } from './checkers/inheritance-checker.js';

type Subtask = OperatorStateHandle | 'finished';

const SPLIT: OperatorListHandle = { mode: 'split', items: [] };
const keyed = (...tables: string[]): OperatorStateHandle => ({
  keyed: {
    ...{ format: 1, keyGroupStart: 0, keyGroupEnd: 127, files: [] },
    tables: Object.fromEntries(tables.map((name) => [name, 'int32'])),
  },
  lists: {},
});
const listed = (lists: Readonly<Record<string, OperatorListHandle>>): OperatorStateHandle => ({
  keyed: undefined,
  lists,
});

/** Of one operator. */
function checkpointOf(
  checkpointId: number,
  subtasks: readonly Subtask[],
  ended: Readonly<Record<string, AccumulatorValue>> = {},
): CheckpointManifest {
  const vertices = manifestOf(checkpointId, 1, []).vertices.map((vertex) => ({
    ...vertex,
    ended: { op: ended },
    subtasks: subtasks.map((op) => (op === 'finished' ? op : { operators: { op } })),
  }));
  return { ...manifestOf(checkpointId, 1, []), vertices };
}

t.test('what a leader begins from is in what it completes', async (t) => {
  const lost = (what: string): RegExp =>
    new RegExp(`Checkpoint 8 goes back to 7, and has lost '${what}' of 'op'`);
  for (const [before, after, expected] of [
    [[keyed('a', 'b')], [keyed('a', 'b', 'c')], undefined],
    [[keyed('a', 'b')], [keyed('b')], lost('a')],
    // Of all subtasks together, as it may have been dealt out anew.
    [[keyed('a'), keyed('b')], [keyed('b', 'a')], undefined],
    [[keyed('a'), keyed('b')], [keyed('b'), keyed('b')], lost('a')],
    [[listed({ s: SPLIT })], [listed({})], lost('s')],
    [[listed({ w: { mode: 'watermark', items: [] } })], [listed({})], undefined],
    // Who had it may have ended.
    [[keyed('a'), keyed('b')], [keyed('b'), 'finished'], undefined],
    [[keyed('a'), 'finished'], [keyed('b'), keyed('b')], undefined],
  ] as const)
    await says(
      t,
      (verdict) => new InheritanceChecker(verdict),
      ({ listeners }) => {
        listeners.onJobBegun(1, checkpointOf(7, before), undefined);
        listeners.onStorageAsked('p1', { type: 'complete', manifest: checkpointOf(8, after) });
      },
      expected,
    );
});

t.test('what ended subtasks had accumulated stays, and comes together with more', async (t) => {
  const lost = /has lost a part of what 'op' had as 'n'/;
  const list = (...values: number[]): AccumulatorValue => ({ kind: 'list', values });
  for (const [before, after, expected] of [
    [{ kind: 'sum', value: 3 }, { kind: 'sum', value: 3 }, undefined],
    [{ kind: 'sum', value: 3 }, { kind: 'sum', value: 2 }, lost],
    [{ kind: 'sum', value: 3 }, undefined, lost],
    [{ kind: 'least', value: 3 }, { kind: 'least', value: 2 }, undefined],
    [{ kind: 'least', value: 3 }, undefined, lost],
    [{ kind: 'mean', sum: 9, count: 2 }, { kind: 'mean', sum: 3, count: 1 }, lost],
    [list(1, 2), list(2, 1, 3), undefined],
    [list(1, 2), list(3), lost],
    [
      { kind: 'histogram', counts: [[1, 5]] },
      {
        kind: 'histogram',
        counts: [
          [1, 2],
          [4, 2],
        ],
      },
      lost,
    ],
  ] as const)
    await says(
      t,
      (verdict) => new InheritanceChecker(verdict),
      ({ listeners }) => {
        listeners.onJobBegun(1, checkpointOf(7, ['finished'], { n: before }), undefined);
        const manifest = checkpointOf(8, ['finished'], after === undefined ? {} : { n: after });
        listeners.onStorageAsked('p1', { type: 'complete', manifest });
      },
      expected,
    );
});

t.test('a leader that begins at the beginning has nothing to lose', async (t) => {
  await says(
    t,
    (verdict) => new InheritanceChecker(verdict),
    ({ listeners }) => {
      listeners.onJobBegun(1, undefined, undefined);
      listeners.onStorageAsked('p1', { type: 'complete', manifest: checkpointOf(1, [keyed()]) });
    },
    undefined,
  );
});
