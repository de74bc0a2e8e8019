import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { MillraceError } from '../../../core/base/millrace-error.js';
import { Prng } from '../../../core/base/prng.js';
import { toWireError } from '../../../core/protocol/wire-error.js';
import { types } from '../../../core/serde/types.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import {
  ListStateDescriptor,
  MapStateDescriptor,
  ValueStateDescriptor,
} from '../../../core/state/state-descriptor.js';
import { InThreadStateWriter } from '../../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../../storage/state/lmdb-state-backend.js';
import { LmdbStateStore } from '../../../storage/state/lmdb-state-store.js';
import { KeyedStateLife } from '../../keyed-state.js';
import { refused } from '../../refused.js';

const BUDGET_BYTES = 512 * 1024;
const SMALL = { managedBytes: BUDGET_BYTES };

function lmdbLife(t: { teardown(work: () => void): unknown }): { life: KeyedStateLife; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-lmdb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const writer = new InThreadStateWriter();
  return { life: new KeyedStateLife(new LmdbStateBackend(folder, () => writer.connect())), folder };
}

function usedBytes(access: KeyedStateAccess): number {
  return access.store instanceof LmdbStateStore ? access.store.usedBytes : Number.NaN;
}

t.test('state that fits into managed memory leaves no trace on disk', async (t) => {
  const { life, folder } = lmdbLife(t);
  const access = await life.open();
  const count = access.getState(new ValueStateDescriptor('count', types.int32));
  for (let key = 0; key < 1000; key++) {
    access.keys.setCurrentKey(key);
    count.update(key);
  }
  await life.checkpoint(access);
  t.same(readdirSync(folder), []);
  await access.store.close();
  await access.store.close();
});

t.test('state many times larger than managed memory stays right, and memory within its budget', async (t) => {
  const { life, folder } = lmdbLife(t);
  const access = await life.open(undefined, SMALL);
  const count = access.getState(new ValueStateDescriptor('count', types.int32));
  const text = access.getState(new ValueStateDescriptor('text', types.string));
  const random = new Prng(11);
  const expected = new Map<number, number>();
  let most = 0;
  for (let step = 0; step < 60_000; step++) {
    const key = random.below(20_000);
    access.keys.setCurrentKey(key);
    const before = count.value();
    if (before !== expected.get(key)) t.fail(`key ${key}: ${before} for ${expected.get(key)}`);
    count.update((before ?? 0) + 1);
    text.update(`the text of ${key} at ${step}, which is not so short`);
    expected.set(key, (before ?? 0) + 1);
    most = Math.max(most, usedBytes(access));
    if (step % 20_000 === 19_999) await life.checkpoint(access);
  }
  t.ok(most <= BUDGET_BYTES * 1.25, `${most} bytes were used of ${BUDGET_BYTES}`);
  t.equal(readdirSync(folder).length, 1);
  const after = await life.open(await life.checkpoint(access), SMALL);
  const restored = after.getState(new ValueStateDescriptor('count', types.int32));
  let wrong = 0;
  for (const [key, value] of expected) {
    after.keys.setCurrentKey(key);
    if (restored.value() !== value) wrong++;
  }
  t.equal(wrong, 0);
  await access.store.close();
  await after.store.close();
  await new Promise((resolve) => setImmediate(resolve));
  t.same(readdirSync(folder), [], 'working copies go when their store is closed');
});

t.test('a row that was dropped from memory, written and deleted again is gone for good', async (t) => {
  const { life } = lmdbLife(t);
  const access = await life.open(undefined, SMALL);
  const text = access.getState(new ValueStateDescriptor('text', types.string));
  const fill = (from: number) => {
    for (let key = from; key < from + 10_000; key++) {
      access.keys.setCurrentKey(key);
      text.update(`text ${key} ${'-'.repeat(100)}`);
    }
  };
  access.keys.setCurrentKey('row');
  text.update('old');
  await life.checkpoint(access);
  fill(0);
  access.keys.setCurrentKey('row');
  text.update('new');
  text.clear();
  t.equal(text.value(), undefined);
  fill(20_000);
  access.keys.setCurrentKey('row');
  t.equal(text.value(), undefined);
  const after = await life.open(await life.checkpoint(access), SMALL);
  const restored = after.getState(new ValueStateDescriptor('text', types.string));
  after.keys.setCurrentKey('row');
  t.equal(restored.value(), undefined);
  await access.store.close();
  await after.store.close();
});

t.test('lists and maps that left memory come back in order', async (t) => {
  const { life } = lmdbLife(t);
  const access = await life.open(undefined, SMALL);
  const list = access.getListState(new ListStateDescriptor('list', types.string));
  const map = access.getMapState(new MapStateDescriptor('map', types.string, types.string));
  const padding = '.'.repeat(200);
  access.keys.setCurrentKey('key');
  for (let i = 0; i < 4000; i++) {
    list.add(`${i} ${padding}`);
    map.put(`${i % 10} ${'x'.repeat(i % 3000)}`, `${i} ${padding}`);
  }
  t.same(
    list.get().map((text) => Number.parseInt(text, 10)),
    Array.from({ length: 4000 }, (_, i) => i),
  );
  const keys = map.keys();
  t.equal(keys.join(), [...keys].sort().join());
  t.equal(map.get(`7 ${'x'.repeat(2997)}`), `2997 ${padding}`);
  map.clear();
  list.clear();
  t.same([map.isEmpty(), list.get()], [true, []]);
  const after = await life.open(await life.checkpoint(access), SMALL);
  const restored = after.getMapState(new MapStateDescriptor('map', types.string, types.string));
  after.keys.setCurrentKey('key');
  t.equal(restored.isEmpty(), true);
  await access.store.close();
  await after.store.close();
});

t.test('a checkpoint holds what changed; a new base comes when the increments are many', async (t) => {
  const { life } = lmdbLife(t);
  const access = await life.open();
  const count = access.getState(new ValueStateDescriptor('count', types.int32));
  const text = access.getState(new ValueStateDescriptor('text', types.string));
  for (let key = 0; key < 3000; key++) {
    access.keys.setCurrentKey(key);
    count.update(key);
    text.update(`text ${key}`);
  }
  const base = await life.checkpoint(access);
  t.same(
    base.files.map(({ entryCount }) => entryCount),
    [6000],
  );
  const fileCounts: number[] = [];
  for (let round = 0; round < 25; round++) {
    for (let key = 0; key < 10; key++) {
      access.keys.setCurrentKey(key);
      count.update(round);
      text.update(`round ${round}`);
    }
    const { files } = await life.checkpoint(access);
    fileCounts.push(files.length);
    t.equal(files.at(-1)?.entryCount, files.length === 1 ? 6000 : 20);
  }
  t.same(fileCounts.slice(0, 3), [2, 3, 4]);
  t.equal(Math.max(...fileCounts), 21);
  t.equal(fileCounts[20], 1, 'a base follows twenty increments');
  await access.store.close();
});

t.test(
  'rows that change after their table has grown, since the same checkpoint, are in the next one',
  async (t) => {
    for (let rows = 3300; rows < 3330; rows += 5) {
      const { life } = lmdbLife(t);
      const access = await life.open();
      const count = access.getState(new ValueStateDescriptor('count', types.int32));
      const put = (from: number, to: number, step: number) => {
        for (let key = from; key < to; key += step) {
          access.keys.setCurrentKey(key);
          count.update(step);
        }
      };
      put(0, rows, 1);
      await life.checkpoint(access);
      // Some rows of most pages, then enough to divide the only region, then all.
      put(0, rows, 40);
      put(rows, rows + 40, 1);
      put(0, rows, 2);
      put(1, rows, 2);
      const after = await life.open(await life.checkpoint(access));
      const restored = after.getState(new ValueStateDescriptor('count', types.int32));
      let wrong = 0;
      for (let key = 0; key < rows; key++) {
        after.keys.setCurrentKey(key);
        if (restored.value() !== 2) wrong++;
      }
      t.equal(wrong, 0, `${wrong} of ${rows} rows were as before`);
      await access.store.close();
      await after.store.close();
    }
  },
);

t.test('a value that can have no room, and a writer that fails, are coded errors', async (t) => {
  const { life, folder } = lmdbLife(t);
  const access = await life.open(undefined, SMALL);
  const text = access.getState(new ValueStateDescriptor('text', types.string));
  access.keys.setCurrentKey(1);
  t.equal(refused(() => text.update('x'.repeat(8 * 1024 * 1024))).code, 'MR2008');
  await access.store.close();
  const backend = new LmdbStateBackend(folder, () => ({
    post: () => {},
    receive: () => ({
      type: 'failed',
      path: folder,
      error: toWireError(new MillraceError('MR3003', 'No space left on device')),
    }),
    wait: () => {},
  }));
  const failing = await new KeyedStateLife(backend).open(undefined, SMALL);
  const values = failing.getState(new ValueStateDescriptor('values', types.string));
  const error = refused(() => {
    for (let key = 0; key < 100_000; key++) {
      failing.keys.setCurrentKey(key);
      values.update('y'.repeat(100));
    }
  });
  t.equal(error.code, 'MR3003');
  t.match(error.message, 'No space left on device');
  t.equal(existsSync(folder), true);
});
