import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { KeyedStateHandle } from '../../../core/checkpoint/snapshot-handle.js';
import { types } from '../../../core/serde/types.js';
import { StateNamespace } from '../../../core/state/key-context.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../../../core/state/state-descriptor.js';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../../storage/state/lmdb-state-backend.js';
import { KeyedStateLife } from '../../keyed-state.js';
import { refused } from '../../refused.js';

type Scope = { teardown(work: () => void): unknown };

function lmdbLife(t: Scope): KeyedStateLife {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-migration-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const writer = new InThreadStateWriter();
  return new KeyedStateLife(new LmdbStateBackend(folder, () => writer.connect()));
}

const BACKENDS: readonly [name: string, life: (t: Scope) => KeyedStateLife][] = [
  ['heap', () => new KeyedStateLife(new HeapStateBackend())],
  ['lmdb', lmdbLife],
];

const KEYS = 3000;

/** Keys of all kinds that a key may have. */
const keyOf = (n: number): unknown => [n, `key ${n}`, n + 0.5, { id: n }, [n, 'a']][n % 5];

const visit = types.object({ user: types.string, count: types.int32, old: types.bytes });
const newVisit = types.object(
  {
    tags: types.withDefault(types.array(types.string), ['none']),
    name: types.string,
    count: types.bigint,
    note: types.optional(types.string),
  },
  { renamed: { name: 'user' } },
);

const sum = {
  createAccumulator: () => 0,
  add: (value: number, acc: number) => acc + value,
  getResult: (acc: number) => acc,
};

/** The states of one job, as they were. */
function before(access: KeyedStateAccess) {
  return {
    value: access.getState(new ValueStateDescriptor('value', visit)),
    count: access.getState(new ValueStateDescriptor('count', types.int32)),
    list: access.getListState(new ListStateDescriptor('list', types.int32)),
    map: access.getMapState(new MapStateDescriptor('map', types.string, types.int32)),
    largest: access.getReducingState(new ReducingStateDescriptor('largest', Math.max, types.int32)),
    sum: access.getAggregatingState(new AggregatingStateDescriptor('sum', sum, types.int32)),
    windowed: access.getListState(new ListStateDescriptor('windowed', types.int32), StateNamespace.WINDOW),
    undeclared: access.getState(new ValueStateDescriptor<{ a: number }>('undeclared')),
  };
}

/** And as they are now. */
function after(access: KeyedStateAccess) {
  return {
    value: access.getState(new ValueStateDescriptor('value', newVisit)),
    count: access.getState(new ValueStateDescriptor('count', types.float64)),
    list: access.getListState(new ListStateDescriptor('list', types.optional(types.int32))),
    map: access.getMapState(new MapStateDescriptor('map', types.string, types.bigint)),
    largest: access.getReducingState(new ReducingStateDescriptor('largest', Math.max, types.float64)),
    sum: access.getAggregatingState(new AggregatingStateDescriptor('sum', sum, types.float64)),
    windowed: access.getListState(new ListStateDescriptor('windowed', types.bigint), StateNamespace.WINDOW),
    undeclared: access.getState(new ValueStateDescriptor('undeclared', types.object({ a: types.int32 }))),
  };
}

type Before = ReturnType<typeof before>;
type After = ReturnType<typeof after>;

function fill(access: KeyedStateAccess, states: Before, from: number, to: number, add: number): void {
  for (let n = from; n < to; n++) {
    access.keys.setCurrentKey(keyOf(n));
    states.value.update({ user: `u${n}`, count: n + add, old: new Uint8Array(3) });
    states.count.update(n + add);
    states.list.update([n, n + add]);
    states.map.put('a', n);
    states.map.put('b', add);
    states.largest.add(n + add);
    states.sum.add(1);
    states.undeclared.update({ a: n });
    access.keys.setWindow(n, n + 10);
    states.windowed.add(n);
  }
}

function expectMigrated(
  t: { same(a: unknown, b: unknown, m: string): unknown; equal(a: unknown, b: unknown): unknown },
  access: KeyedStateAccess,
  states: After,
  n: number,
  add: number,
): void {
  access.keys.setCurrentKey(keyOf(n));
  access.keys.setWindow(n, n + 10);
  const found = {
    value: states.value.value(),
    count: states.count.value(),
    list: states.list.get(),
    map: states.map.entries(),
    largest: states.largest.get(),
    windowed: states.windowed.get(),
    undeclared: states.undeclared.value(),
  };
  const wanted = {
    value: { tags: ['none'], name: `u${n}`, count: BigInt(n + add), note: undefined },
    count: n + add,
    list: [n, n + add],
    map: [
      ['a', BigInt(n)],
      ['b', BigInt(add)],
    ],
    largest: n + add,
    windowed: add === 0 ? [BigInt(n)] : [BigInt(n), BigInt(n)],
    undeclared: { a: n },
  };
  t.same(found, wanted, `key ${n}`);
  t.equal(states.sum.get(), add === 0 ? 1 : 2);
}

const SMALL = { managedBytes: 1024 * 1024 };

/** A base, an increment that changes a third of the keys, and one that deletes some. */
async function stored(life: KeyedStateLife): Promise<KeyedStateHandle> {
  const access = await life.open(undefined, SMALL);
  const states = before(access);
  fill(access, states, 0, KEYS, 0);
  await life.checkpoint(access);
  fill(access, states, 0, KEYS / 3, 1);
  await life.checkpoint(access);
  for (let n = 0; n < 10; n++) {
    access.keys.setCurrentKey(keyOf(n));
    states.value.clear();
    states.map.clear();
    states.list.clear();
  }
  const handle = await life.checkpoint(access);
  await access.store.close();
  return handle;
}

for (const [backend, lifeOf] of BACKENDS) {
  t.test(`states of changed types are migrated while they are restored, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const handle = await stored(life);
    t.ok(handle.files.length > 1, 'there are increments');
    let states: After | undefined;
    const access = await life.open(handle, SMALL, (opened) => {
      states = after(opened);
    });
    if (states === undefined) throw new Error('the states are declared');
    for (let n = 10; n < KEYS; n++) expectMigrated(t, access, states, n, n < KEYS / 3 ? 1 : 0);
    access.keys.setCurrentKey(keyOf(3));
    t.equal(states.value.value(), undefined, 'what was deleted stays so');
    t.same(states.list.get(), []);
    t.same(states.map.entries(), []);
    access.keys.setCurrentKey(keyOf(20));
    states.count.update(0.5);

    const next = await life.checkpoint(access);
    const names = new Set(handle.files.map(({ key }) => key));
    t.equal(next.files.length, 1, 'a base');
    t.notOk(
      next.files.some(({ key }) => names.has(key)),
      'that shares no file of the old types',
    );
    t.equal(next.tables['state:count'], 'value<float64>');
    const third = await life.checkpoint(access);
    t.same(third.files, next.files, 'on which the next one builds');
    await access.store.close();

    let again: After | undefined;
    const last = await life.open(third, SMALL, (opened) => {
      again = after(opened);
    });
    if (again === undefined) throw new Error('the states are declared');
    last.keys.setCurrentKey(keyOf(20));
    t.equal(again.count.value(), 0.5);
    expectMigrated(t, last, again, KEYS - 1, 0);
    await last.store.close();
  });

  t.test(`state that nobody asks for is kept beside what is migrated, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const handle = await stored(life);
    const narrow = await life.open(handle, SMALL, (access) =>
      access.getState(new ValueStateDescriptor('count', types.float64)),
    );
    const next = await life.checkpoint(narrow);
    t.equal(next.files.length, 1);
    t.equal(next.tables['state:value'], handle.tables['state:value'], 'as what it was');
    await narrow.store.close();
    let states: After | undefined;
    const access = await life.open(next, SMALL, (opened) => {
      states = after(opened);
    });
    if (states === undefined) throw new Error('the states are declared');
    for (let n = 10; n < KEYS; n += 7) expectMigrated(t, access, states, n, n < KEYS / 3 ? 1 : 0);
    await access.store.close();
  });

  t.test(`a part of the key groups is migrated by each of those who share them, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const handle = await stored(life);
    let keys = 0;
    for (const [start, end] of [
      [0, 42],
      [43, 84],
      [85, 127],
    ] as const) {
      const access = await life.open(handle, { ...SMALL, keyGroups: { start, end } }, after);
      access.forEachKey(new ValueStateDescriptor('value', newVisit), () => keys++);
      await access.store.close();
    }
    t.equal(keys, KEYS - 10);
  });

  t.test(`what cannot be migrated is refused, and told, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const handle = await stored(life);
    const narrowed = types.object({ user: types.int32, count: types.int32 });
    const refusal = async (declare: (access: KeyedStateAccess) => void) => {
      const error: unknown = await life.open(handle, SMALL, declare).then(
        () => undefined,
        (error) => error,
      );
      t.match(error, { code: 'MR2103' });
      return String(error);
    };
    const message = await refusal((access) => access.getState(new ValueStateDescriptor('value', narrowed)));
    t.match(message, /The state 'value', field 'user', is stored as string, and declared as int32\./);
    t.match(message, /operator/, 'the uid');
    t.match(message, /another name/, 'what to do');
    t.match(
      await refusal((access) => access.getMapState(new MapStateDescriptor('map', types.int32, types.int32))),
      /field '\[key\]', is stored as string/,
    );
    t.match(
      await refusal((access) => access.getListState(new ListStateDescriptor('value', visit))),
      /is stored as value, and declared as list/,
    );
    t.match(
      await refusal((access) => access.getState(new ValueStateDescriptor('undeclared', types.string))),
      /A value of the state 'undeclared' does not have the type that is declared now/,
    );
    const late = await life.open(handle, SMALL);
    const error = refused(() => late.getState(new ValueStateDescriptor('count', types.float64)));
    t.match(error, { code: 'MR2103' });
    t.match(error.message, /Ask for the state in open\(\)/);
    await late.store.close();
  });

  t.test(`a time to live may begin and end, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    life.wallMs = 1000;
    const handle = await stored(life);
    const ttl = { ttl: { ttl: 100 } };
    const declare = (access: KeyedStateAccess) => ({
      count: access.getState(new ValueStateDescriptor('count', types.float64, ttl)),
      list: access.getListState(new ListStateDescriptor('list', types.int32, ttl)),
      map: access.getMapState(new MapStateDescriptor('map', types.string, types.int32, ttl)),
    });
    let states: ReturnType<typeof declare> | undefined;
    life.wallMs = 2000;
    const access = await life.open(handle, SMALL, (opened) => {
      states = declare(opened);
    });
    access.keys.setCurrentKey(keyOf(50));
    t.equal(states?.count.value(), 51);
    t.same(states?.list.get(), [50, 51]);
    life.wallMs = 2099;
    states?.list.add(7);
    life.wallMs = 2100;
    t.same(states?.list.get(), [7], 'what was there had been written when it was restored');
    t.equal(states?.count.value(), undefined);
    t.same(states?.map.entries(), []);
    life.wallMs = 2050;
    const with100 = await life.checkpoint(access);
    await access.store.close();

    let plain: ReturnType<typeof before>['map'] | undefined;
    let count: { value(): number | undefined } | undefined;
    life.wallMs = 5000;
    const ended = await life.open(with100, SMALL, (opened) => {
      plain = opened.getMapState(new MapStateDescriptor('map', types.string, types.int32));
      count = opened.getState(new ValueStateDescriptor('count', types.float64));
    });
    ended.keys.setCurrentKey(keyOf(2000));
    t.equal(count?.value(), 2000, 'it lives for ever, and so it is there');
    t.same(plain?.entries(), [
      ['a', 2000],
      ['b', 0],
    ]);
    await ended.store.close();
    await t.rejects(
      life.open(with100, SMALL, (opened) =>
        opened.getListState(new ListStateDescriptor('list', types.int32)),
      ),
      { code: 'MR2103' },
    );
  });
}

t.test('what changes no byte keeps the files', async (t) => {
  const life = new KeyedStateLife();
  const first = await life.open();
  const state = first.getState(new ValueStateDescriptor('state', types.object({ at: types.timestamp })));
  first.keys.setCurrentKey('k');
  state.update({ at: 5 });
  const handle = await life.checkpoint(first);
  const renamed = types.object({ when: types.float64 }, { renamed: { when: 'at' } });
  const second = await life.open(handle);
  const restored = second.getState(new ValueStateDescriptor('state', renamed));
  second.keys.setCurrentKey('k');
  t.same(restored.value(), { when: 5 }, 'even if it is asked for late');
  const next = await life.checkpoint(second);
  t.same(next.files, handle.files);
  t.same(next.tables, { 'state:state': 'value<{when:float64}>' });
});

t.test('what lies under keys of one type is not looked for under those of another', async (t) => {
  const life = new KeyedStateLife();
  const first = await life.open(undefined, { keyType: types.int32 });
  first.keys.setCurrentKey(5);
  first.getState(new ValueStateDescriptor('state', types.string)).update('x');
  const handle = await life.checkpoint(first);
  t.equal(handle.tables.keys, 'keys<int32>');
  await t.rejects(life.open(handle, { keyType: types.string }), {
    code: 'MR2103',
    message: /stored under keys of type int32, and is looked for under keys of type string/,
  });
  const unknown = await life.checkpoint(await life.open(handle));
  t.equal(unknown.tables.keys, 'keys<int32>', 'who does not say what they are changes nothing');
  const second = await life.open(unknown, { keyType: types.float64 });
  second.keys.setCurrentKey(5);
  t.equal(second.getState(new ValueStateDescriptor('state', types.string)).value(), 'x');
  t.equal((await life.checkpoint(second)).tables.keys, 'keys<float64>');
});
