import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Watermark } from '../../../core/element/watermark.js';
import { types } from '../../../core/serde/types.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../../../core/state/state-descriptor.js';
import { isExpired, type StateTtlConfig } from '../../../core/state/state-ttl.js';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../../storage/state/lmdb-state-backend.js';
import { KeyedStateLife } from '../../keyed-state.js';
import { refused } from '../../refused.js';

type Scope = { teardown(work: () => void): unknown };

function lmdbLife(t: Scope): KeyedStateLife {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-ttl-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const writer = new InThreadStateWriter();
  return new KeyedStateLife(new LmdbStateBackend(folder, () => writer.connect()));
}

const BACKENDS: readonly [name: string, life: (t: Scope) => KeyedStateLife][] = [
  ['heap', () => new KeyedStateLife(new HeapStateBackend())],
  ['lmdb', lmdbLife],
];

const ttl = (config: Partial<StateTtlConfig> = {}) => ({ ttl: { ttl: 100, ...config } });

/** Rows of a table, without looking at them through the state. */
function rowsOf(access: KeyedStateAccess, name: string, typeId: string, ordered = false): number {
  let rows = 0;
  const fixedValueBytes = typeId.startsWith('value<int32>') ? 12 : 0;
  const table = access.store.table(`state:${name}`, { typeId, ordered, fixedValueBytes });
  for (let keyGroup = 0; keyGroup <= access.store.keyGroups.end; keyGroup++) {
    table.scanKeyGroup(keyGroup, () => ++rows > 0);
  }
  return rows;
}

t.test('something is there until its time to live has passed, to the millisecond', (t) => {
  t.equal(isExpired(0, 100, 99), false);
  t.equal(isExpired(0, 100, 100), true);
  t.equal(isExpired(Watermark.MAX - 1, 100, Watermark.MAX - 1), false, 'the end of time is never passed');
  t.equal(isExpired(-50, 100, 50), true);
  t.end();
});

for (const [backend, lifeOf] of BACKENDS) {
  t.test(`values end when they were written long ago, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const access = await life.open();
    access.keys.setCurrentKey('k');
    const value = access.getState(new ValueStateDescriptor('v', types.int32, ttl()));
    value.update(7);
    life.wallMs = 99;
    t.equal(value.value(), 7);
    life.wallMs = 100;
    t.equal(value.value(), undefined);
    t.equal(rowsOf(access, 'v', 'value<int32> with ttl'), 0, 'reading has removed it');
    value.update(8);
    life.wallMs = 150;
    value.update(9);
    life.wallMs = 249;
    t.equal(value.value(), 9, 'writing begins a life anew');
    value.update(undefined);
    t.equal(value.value(), undefined);
  });

  t.test(`reading renews where that was asked for, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const access = await life.open();
    access.keys.setCurrentKey('k');
    const onRead = ttl({ updateType: 'OnReadAndWrite' });
    const value = access.getState(new ValueStateDescriptor('v', types.int32, onRead));
    const list = access.getListState(new ListStateDescriptor('l', types.int32, onRead));
    const map = access.getMapState(new MapStateDescriptor('m', types.string, types.int32, onRead));
    value.update(1);
    list.addAll([1, 2]);
    map.put('a', 1);
    map.put('b', 2);
    for (const now of [80, 160, 240]) {
      life.wallMs = now;
      t.equal(value.value(), 1);
      t.strictSame(list.get(), [1, 2]);
      t.equal(map.get('a'), 1);
    }
    t.equal(map.has('b'), false, 'the entry that nobody read has ended');
    life.wallMs = 340;
    t.equal(value.value(), undefined);
    t.strictSame(list.get(), []);
    t.strictSame(map.entries(), []);
  });

  t.test(`elements and entries end each for itself, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const access = await life.open();
    access.keys.setCurrentKey('k');
    const list = access.getListState(new ListStateDescriptor('l', types.string, ttl()));
    const map = access.getMapState(new MapStateDescriptor('m', types.string, types.string, ttl()));
    list.add('a');
    map.put('a', 'A');
    life.wallMs = 50;
    list.addAll(['b', 'c']);
    map.put('b', 'B');
    life.wallMs = 100;
    t.strictSame(list.get(), ['b', 'c']);
    t.strictSame(map.keys(), ['b']);
    t.strictSame(map.values(), ['B']);
    t.equal(map.get('a'), undefined);
    t.equal(map.delete('a'), false);
    t.equal(map.isEmpty(), false);
    t.equal(rowsOf(access, 'l', 'list<string> with ttl'), 3, 'a length and two elements');
    t.equal(rowsOf(access, 'm', 'map<string,string> with ttl', true), 1);
    life.wallMs = 150;
    t.equal(map.delete('b'), false, 'what has ended cannot be deleted');
    t.equal(map.isEmpty(), true);
    t.strictSame(list.get(), []);
    t.equal(rowsOf(access, 'l', 'list<string> with ttl'), 0);
    list.update(['x']);
    list.clear();
    map.put('x', 'X');
    map.clear();
    t.strictSame([list.get(), map.entries()], [[], []]);
  });

  t.test(`expired state may be seen once more where that was asked for, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const access = await life.open();
    access.keys.setCurrentKey('k');
    const visible = ttl({ stateVisibility: 'ReturnExpiredIfNotCleanedUp' });
    const value = access.getState(new ValueStateDescriptor('v', types.int32, visible));
    const list = access.getListState(new ListStateDescriptor('l', types.int32, visible));
    const map = access.getMapState(new MapStateDescriptor('m', types.string, types.int32, visible));
    value.update(1);
    list.add(1);
    map.put('a', 1);
    life.wallMs = 1000;
    t.strictSame([value.value(), list.get(), map.get('a')], [1, [1], 1]);
    t.strictSame([value.value(), list.get(), map.get('a')], [undefined, [], undefined]);
  });

  t.test(`what was reduced and aggregated ends too, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const access = await life.open();
    access.keys.setCurrentKey('k');
    const most = access.getReducingState(new ReducingStateDescriptor('r', Math.max, types.float64, ttl()));
    const count = {
      createAccumulator: () => 0,
      add: (_v: string, n: number) => n + 1,
      getResult: (n: number) => n,
    };
    const counted = access.getAggregatingState(
      new AggregatingStateDescriptor('a', count, types.int32, ttl()),
    );
    most.add(5);
    counted.add('x');
    life.wallMs = 60;
    most.add(3);
    counted.add('y');
    life.wallMs = 159;
    t.strictSame([most.get(), counted.get()], [5, 2]);
    life.wallMs = 160;
    most.add(1);
    counted.add('z');
    t.strictSame([most.get(), counted.get()], [1, 1]);
  });

  t.test(
    `the time of writing is restored, and a life cannot be added or taken away, on ${backend}`,
    async (t) => {
      const life = lifeOf(t);
      const ending = new ValueStateDescriptor('v', types.int32, ttl());
      const first = await life.open();
      first.keys.setCurrentKey('k');
      first.getState(ending).update(7);
      life.wallMs = 99;
      const handle = await life.checkpoint(first);
      const second = await life.open(handle);
      second.keys.setCurrentKey('k');
      t.equal(second.getState(ending).value(), 7);
      life.wallMs = 100;
      t.equal(second.getState(ending).value(), undefined);
      const third = await life.open(handle);
      t.equal(refused(() => third.getState(new ValueStateDescriptor('v', types.int32))).code, 'MR2103');
    },
  );

  t.test(`what nobody reads any more is removed beside the use of others, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const access = await life.open();
    const value = access.getState(new ValueStateDescriptor('v', types.int32, ttl()));
    const list = access.getListState(new ListStateDescriptor('l', types.string, ttl()));
    const map = access.getMapState(new MapStateDescriptor('m', types.string, types.string, ttl()));
    const kept = access.getState(
      new ValueStateDescriptor('kept', types.int32, ttl({ cleanupInBackground: false })),
    );
    for (let key = 0; key < 300; key++) {
      access.keys.setCurrentKey(`key ${key}`);
      value.update(key);
      list.addAll(['a', 'b']);
      map.put('a', 'A');
      kept.update(1);
      life.wallMs = key < 150 ? 0 : 500;
    }
    life.wallMs = 550;
    access.keys.setCurrentKey({ user: 'busy' });
    for (let use = 0; use < 3 * 128 * 1000 + 1000; use++) value.update(use);
    t.strictSame(access.keys.currentKey, { user: 'busy' }, 'the current key has stayed');
    t.equal(value.value(), 3 * 128 * 1000 + 999);
    const living = 300 - 151;
    t.equal(rowsOf(access, 'v', 'value<int32> with ttl'), living + 1);
    t.equal(rowsOf(access, 'l', 'list<string> with ttl'), 3 * living);
    t.equal(rowsOf(access, 'm', 'map<string,string> with ttl', true), living);
    t.equal(rowsOf(access, 'kept', 'value<int32> with ttl'), 300, 'unless that was not wanted');
    await access.store.close();
  });
}

t.test('a life that makes no sense is refused, and one without end is none', (t) => {
  const make = (config: unknown) => () =>
    new ValueStateDescriptor('v', types.int32, { ttl: config as StateTtlConfig });
  t.equal(refused(make({ ttl: 0 })).code, 'MR1001');
  t.equal(refused(make({ ttl: '-1 s' })).code, 'MR1001');
  t.equal(refused(make({ ttl: '1 h', updateType: 'OnRead' })).code, 'MR1001');
  t.equal(refused(make({ ttl: '1 h', stateVisibility: 'Always' })).code, 'MR1001');
  t.equal(new ValueStateDescriptor('v', types.int32, ttl({ updateType: 'Disabled' })).typeId, 'value<int32>');
  t.end();
});
