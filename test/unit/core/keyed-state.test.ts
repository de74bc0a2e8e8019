import t from 'tap';
import { types } from '../../../core/serde/types.js';
import { StateNamespace } from '../../../core/state/key-context.js';
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../../../core/state/state-descriptor.js';
import { KeyedStateLife, MAX_PARALLELISM } from '../../keyed-state.js';
import { refused } from '../../refused.js';

t.test('a value belongs to the current key', async (t) => {
  const access = await new KeyedStateLife().open();
  const count = access.getState(new ValueStateDescriptor('count', types.int32));
  access.keys.setCurrentKey('a');
  t.equal(count.value(), undefined);
  count.update(1);
  access.keys.setCurrentKey('b');
  t.equal(count.value(), undefined);
  count.update(2);
  access.keys.setCurrentKey('a');
  t.equal(count.value(), 1);
  count.clear();
  t.equal(count.value(), undefined);
  access.keys.setCurrentKey('b');
  count.update(undefined);
  t.equal(count.value(), undefined);
});

t.test('keys of every kind are told apart, and an object key is its content', async (t) => {
  const access = await new KeyedStateLife().open();
  const state = access.getState(new ValueStateDescriptor('state', types.string));
  const keys = [1, '1', 1n, true, [null], [undefined], [1], { a: 1 }, 1.5, -1, '', Uint8Array.of(1)];
  for (const [index, key] of keys.entries()) {
    access.keys.setCurrentKey(key);
    t.equal(state.value(), undefined);
    state.update(`value ${index}`);
  }
  for (const [index, key] of keys.entries()) {
    access.keys.setCurrentKey(key);
    t.equal(state.value(), `value ${index}`);
    t.same(access.keys.currentKey, key);
  }
  const key = { a: 1 };
  access.keys.setCurrentKey(key);
  key.a = 2;
  access.keys.setCurrentKey(key);
  t.equal(state.value(), undefined, 'an object that has changed is another key');
});

t.test('no reference aliases state', async (t) => {
  const access = await new KeyedStateLife().open();
  const state = access.getState(new ValueStateDescriptor<{ list: number[] }>('state'));
  access.keys.setCurrentKey(1);
  const mine = { list: [1] };
  state.update(mine);
  mine.list.push(2);
  t.same(state.value(), { list: [1] });
  state.value()?.list.push(3);
  t.same(state.value(), { list: [1] });
});

t.test('a list keeps the order of its elements', async (t) => {
  const access = await new KeyedStateLife().open();
  const list = access.getListState(new ListStateDescriptor('list', types.string));
  access.keys.setCurrentKey(1);
  t.same(list.get(), []);
  list.add('a');
  list.addAll(['b', 'c']);
  list.addAll([]);
  t.same(list.get(), ['a', 'b', 'c']);
  access.keys.setCurrentKey(2);
  t.same(list.get(), []);
  list.update(['x']);
  access.keys.setCurrentKey(1);
  list.update(['d', 'e']);
  t.same(list.get(), ['d', 'e']);
  list.add('f');
  t.same(list.get(), ['d', 'e', 'f']);
  list.clear();
  list.clear();
  t.same(list.get(), []);
  list.add('g');
  t.same(list.get(), ['g']);
  list.update([]);
  t.same(list.get(), []);
  access.keys.setCurrentKey(2);
  t.same(list.get(), ['x']);
});

t.test('a map is in the order of its keys', async (t) => {
  const access = await new KeyedStateLife().open();
  const map = access.getMapState(new MapStateDescriptor('map', types.int32, types.string));
  access.keys.setCurrentKey('k');
  t.equal(map.isEmpty(), true);
  for (const key of [10, -1, 200, 3]) map.put(key, `v${key}`);
  map.put(3, 'three');
  access.keys.setCurrentKey('kk');
  map.put(5, 'of another key');
  access.keys.setCurrentKey('k');
  t.same(map.keys(), [-1, 3, 10, 200]);
  t.same(map.values(), ['v-1', 'three', 'v10', 'v200']);
  t.same(map.entries(), [
    [-1, 'v-1'],
    [3, 'three'],
    [10, 'v10'],
    [200, 'v200'],
  ]);
  t.equal(map.get(3), 'three');
  t.equal(map.get(4), undefined);
  t.equal(map.has(10), true);
  t.equal(map.delete(10), true);
  t.equal(map.delete(10), false);
  t.equal(map.has(10), false);
  t.equal(map.isEmpty(), false);
  map.clear();
  t.equal(map.isEmpty(), true);
  access.keys.setCurrentKey('kk');
  t.same(map.entries(), [[5, 'of another key']]);
});

t.test('reducing and aggregating state fold what is added', async (t) => {
  const access = await new KeyedStateLife().open();
  const largest = access.getReducingState(new ReducingStateDescriptor('largest', Math.max, types.float64));
  const mean = access.getAggregatingState(
    new AggregatingStateDescriptor('mean', {
      createAccumulator: () => ({ sum: 0, count: 0 }),
      add: (value: number, acc) => ({ sum: acc.sum + value, count: acc.count + 1 }),
      getResult: (acc) => acc.sum / acc.count,
    }),
  );
  access.keys.setCurrentKey(1);
  t.equal(largest.get(), undefined);
  t.equal(mean.get(), undefined);
  for (const value of [2, 6, 4]) {
    largest.add(value);
    mean.add(value);
  }
  t.equal(largest.get(), 6);
  t.equal(mean.get(), 4);
  largest.clear();
  mean.clear();
  t.equal(largest.get(), undefined);
  t.equal(mean.get(), undefined);
});

t.test('a function over state that returns a promise is refused', async (t) => {
  const access = await new KeyedStateLife().open();
  const reduce = (async (a: number) => a) as unknown as (a: number, b: number) => number;
  const state = access.getReducingState(new ReducingStateDescriptor('state', reduce, types.int32));
  access.keys.setCurrentKey(1);
  state.add(1);
  t.equal(refused(() => state.add(2)).code, 'MR5002');
  t.equal(state.get(), 1);
});

t.test('state of a window belongs to the key and the window', async (t) => {
  const access = await new KeyedStateLife().open();
  const inWindow = access.getState(new ValueStateDescriptor('w', types.int32), StateNamespace.WINDOW);
  const map = access.getMapState(new MapStateDescriptor<string, string>('m'), StateNamespace.WINDOW);
  const global = access.getState(new ValueStateDescriptor('g', types.int32));
  for (const key of ['a', 'b']) {
    for (const start of [-10, 0, 10]) {
      access.keys.setCurrentKey(key);
      access.keys.setWindow(start, start + 10);
      inWindow.update(start);
      map.put(key, `${start}`);
      global.update(start);
    }
  }
  access.keys.setWindow(-10, 0);
  access.keys.setCurrentKey('a');
  t.equal(inWindow.value(), -10);
  t.same(map.entries(), [['a', '-10']]);
  t.equal(global.value(), 10);
  inWindow.clear();
  access.keys.setWindow(0, 10);
  t.equal(inWindow.value(), 0);
});

t.test('state without a key, another type for a name, and foreign keys are refused', async (t) => {
  const life = new KeyedStateLife();
  const access = await life.open();
  const state = access.getState(new ValueStateDescriptor('state', types.int32));
  t.equal(refused(() => state.value()).code, 'MR2005');
  access.keys.setCurrentKey(1);
  access.keys.clearCurrentKey();
  t.equal(refused(() => state.update(1)).code, 'MR2005');
  t.equal(refused(() => access.getState(new ValueStateDescriptor('state', types.string))).code, 'MR2006');
  t.equal(refused(() => access.getListState(new ListStateDescriptor('state', types.int32))).code, 'MR2006');
  t.equal(refused(() => access.keys.setCurrentKey(new Date(0))).code, 'MR2004');
  t.equal(refused(() => new ValueStateDescriptor('')).code, 'MR1001');
  const half = await life.open(undefined, { keyGroups: { start: 0, end: MAX_PARALLELISM / 2 - 1 } });
  const codes = new Set<string>();
  for (let key = 0; key < 100; key++) {
    try {
      half.keys.setCurrentKey(key);
    } catch (error) {
      codes.add((error as { code: string }).code);
    }
  }
  t.same([...codes], ['MR2007']);
});

t.test('a restore finds the state, and refuses another type for it', async (t) => {
  const life = new KeyedStateLife();
  const before = await life.open();
  const count = before.getState(new ValueStateDescriptor('count', types.int32));
  const map = before.getMapState(new MapStateDescriptor<string, number>('map'));
  for (let key = 0; key < 100; key++) {
    before.keys.setCurrentKey(key);
    count.update(key);
    map.put('a', key);
  }
  await life.checkpoint(before);
  before.keys.setCurrentKey(7);
  count.update(70);
  map.clear();
  const handle = await life.checkpoint(before);
  t.equal(handle.files.length, 2, 'a base and an increment');
  t.equal(handle.files[1]?.entryCount, 2, 'which holds what changed');
  const after = await life.open(handle);
  const restored = after.getState(new ValueStateDescriptor('count', types.int32));
  const restoredMap = after.getMapState(new MapStateDescriptor<string, number>('map'));
  for (let key = 0; key < 100; key++) {
    after.keys.setCurrentKey(key);
    t.equal(restored.value(), key === 7 ? 70 : key);
    t.same(restoredMap.entries(), key === 7 ? [] : [['a', key]]);
  }
  const another = await life.open(handle);
  t.equal(refused(() => another.getMapState(new MapStateDescriptor('map', types.int32))).code, 'MR2103');
  const same = await life.checkpoint(after);
  t.same(same.files, handle.files, 'nothing changed, so nothing is written');
  const other = life.open(handle, { keyGroups: { start: 0, end: MAX_PARALLELISM } });
  await t.rejects(other, { code: 'MR2102' });
  await t.rejects(life.open({ ...handle, format: 99 }), { code: 'MR3004' });
});
