import t from 'tap';
import type { OperatorListHandle, OperatorStateHandle } from '../../../core/checkpoint/snapshot-handle.js';
import { redistributeState, withUnionLists } from '../../../core/checkpoint/state-redistribution.js';
import { refused } from '../../refused.js';

type Mode = OperatorListHandle['mode'];

/** A state whose lists hold small numbers. */
function lists(of: Readonly<Record<string, readonly [Mode, ...number[]]>>): OperatorStateHandle {
  return {
    keyed: undefined,
    lists: Object.fromEntries(
      Object.entries(of).map(([name, [mode, ...items]]) => [
        name,
        { mode, items: items.map((n) => Uint8Array.of(n)) },
      ]),
    ),
  };
}

function shown(states: readonly (OperatorStateHandle | undefined)[], name: string): (number | undefined)[][] {
  return states.map((state) => (state?.lists[name]?.items ?? []).map((item) => item[0]));
}

t.test('split lists go in equal shares; the next list goes on where the last one ended', async (t) => {
  const former = [
    lists({ a: ['split', 1, 2, 3], b: ['split', 7] }),
    lists({ a: ['split', 4], b: ['split', 8] }),
  ];
  const three = redistributeState(former, 3, 128);
  t.same(shown(three, 'a'), [[1, 2], [3], [4]]);
  t.same(shown(three, 'b'), [[], [7], [8]], 'subtask 0 had one more of the first list');
  t.same(shown(redistributeState(former, 1, 128), 'a'), [[1, 2, 3, 4]]);
});

t.test('union and watermark go to all, broadcast as copies by turns, together as whole lists', async (t) => {
  const former = [1, 2, 3].map((n) =>
    lists({ u: ['union', n], w: ['watermark', n], b: ['broadcast', n], t: ['together', n, n + 10] }),
  );
  const two = redistributeState(former, 2, 128);
  t.same(shown(two, 'u'), [
    [1, 2, 3],
    [1, 2, 3],
  ]);
  t.same(shown(two, 'w'), shown(two, 'u'));
  t.same(shown(two, 'b'), [[1], [2]]);
  t.same(shown(two, 't'), [
    [1, 11, 3, 13],
    [2, 12],
  ]);
  t.same(shown(redistributeState(former, 5, 128), 'b'), [[1], [2], [3], [1], [2]]);
});

t.test('subtasks that had ended give nothing, and their place counts', async (t) => {
  const former = [undefined, lists({ t: ['together', 2], b: ['broadcast', 9] }), undefined];
  const two = redistributeState(former, 2, 128);
  t.same(shown(two, 't'), [[], [2]]);
  t.same(shown(two, 'b'), [[9], [9]]);
});

t.test('at the same parallelism nothing changes but that union lists are whole', async (t) => {
  const plain = [lists({ s: ['split', 1] }), lists({ s: ['split', 2] })];
  t.equal(withUnionLists(plain), plain);
  const united = withUnionLists([lists({ s: ['split', 1], u: ['union', 5] }), lists({ u: ['union', 6] })]);
  t.same(shown(united, 's'), [[1], []]);
  t.same(shown(united, 'u'), [
    [5, 6],
    [5, 6],
  ]);
});

t.test(
  'of a union list that all are given each has a part that is its own, and nobody else has',
  async (t) => {
    const ownParts = (states: readonly (OperatorStateHandle | undefined)[]): unknown =>
      states.map((state) => state?.lists.u?.items.slice(state.lists.u.own?.from, state.lists.u.own?.to));
    const former = [lists({ u: ['union', 5, 6] }), undefined, lists({}), lists({ u: ['union', 7] })];
    const [five, six, seven] = [5, 6, 7].map((n) => Uint8Array.of(n));
    // What it had, so that one of them may be restored alone.
    t.same(ownParts(withUnionLists(former)), [[five, six], undefined, [], [seven]]);
    t.same(ownParts(redistributeState(former, 2, 128)), [[five], [six, seven]]);
    t.same(ownParts(redistributeState(former, 5, 128)), [[], [five], [], [six], [seven]]);
  },
);

function keyed(start: number, end: number, ...files: string[]): OperatorStateHandle {
  return {
    keyed: {
      format: 1,
      keyGroupStart: start,
      keyGroupEnd: end,
      files: files.map((key) => ({ key, sizeBytes: 1, entryCount: 1, crc32c: 0 })),
      tables: { [`table of ${start}`]: 'int32' },
    },
    lists: {},
  };
}

t.test('files go to whom their key groups belong, each for the rows that were its own', async (t) => {
  const two = [keyed(0, 63, 'a', 'b'), keyed(64, 127, 'c')];
  const three = redistributeState(two, 3, 128);
  const low = { start: 0, end: 63 };
  const high = { start: 64, end: 127 };
  t.match(three, [
    { keyed: { keyGroupStart: 0, keyGroupEnd: 42, files: [{ key: 'a', keyGroups: low }, { key: 'b' }] } },
    {
      keyed: {
        keyGroupStart: 43,
        keyGroupEnd: 85,
        files: [{ key: 'a', keyGroups: low }, { key: 'b' }, { key: 'c', keyGroups: high }],
        tables: { 'table of 0': 'int32', 'table of 64': 'int32' },
      },
    },
    { keyed: { keyGroupStart: 86, keyGroupEnd: 127, files: [{ key: 'c', keyGroups: high }] } },
  ]);
  t.equal(three[0]?.keyed?.files.length, 2);
  // Back again: of the shared files each part counts for what its last owner had of it.
  const back = redistributeState(three, 1, 128)[0]?.keyed?.files;
  t.same(
    back?.map(({ key, keyGroups }) => [key, keyGroups?.start, keyGroups?.end]),
    [
      ['a', 0, 42],
      ['b', 0, 42],
      ['a', 43, 63],
      ['b', 43, 63],
      ['c', 64, 85],
      ['c', 86, 127],
    ],
  );
});

t.test('subtasks that hold a table with two types share it only where its bytes are the same', async (t) => {
  const withType = (start: number, end: number, text: string): OperatorStateHandle => {
    const state = keyed(start, end, `file ${start}`);
    return { ...state, keyed: state.keyed && { ...state.keyed, tables: { 'state:s': text } } };
  };
  const merged = (one: string, other: string) =>
    redistributeState([withType(0, 63, one), withType(64, 127, other)], 1, 128)[0]?.keyed?.tables['state:s'];
  const narrow = 'value<union(kind)<a:{}>>';
  const wide = 'value<union(kind)<a:{}|b:{}>>';
  t.equal(merged(narrow, wide), wide);
  t.equal(merged(wide, narrow), wide);
  const refusal = refused(() => merged('value<int32>', 'value<float64>'));
  t.equal(refusal.code, 'MR2103');
  t.match(refusal.message, /'state:s' with two types: value<int32> and value<float64>/);
});
