import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { KeyedStateHandle } from '../../../core/checkpoint/snapshot-handle.js';
import { types } from '../../../core/serde/types.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import {
  ListStateDescriptor,
  MapStateDescriptor,
  ValueStateDescriptor,
} from '../../../core/state/state-descriptor.js';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../../storage/state/lmdb-state-backend.js';
import { KeyedStateLife } from '../../keyed-state.js';

/** What has expired is in no snapshot of the whole state, whether or not somebody has removed it. */

const ttl = { ttl: { ttl: 100, cleanupInBackground: false } };

type Scope = { teardown(work: () => void): unknown };

function lmdbLife(t: Scope): KeyedStateLife {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-expired-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const writer = new InThreadStateWriter();
  return new KeyedStateLife(new LmdbStateBackend(folder, () => writer.connect()));
}

/** Little memory: most rows go to LMDB, older ones of the same keys too. */
const BACKENDS: readonly [name: string, life: (t: Scope) => KeyedStateLife, managedBytes: number][] = [
  ['heap', () => new KeyedStateLife(new HeapStateBackend()), 0],
  ['lmdb', lmdbLife, 4 * 1024 * 1024],
  ['lmdb beyond its memory', lmdbLife, 1024],
];

const rowsIn = ({ files }: KeyedStateHandle): number =>
  files.reduce((sum, { entryCount }) => sum + entryCount, 0);

function statesOf(access: KeyedStateAccess) {
  return {
    value: access.getState(new ValueStateDescriptor('value', types.int32, ttl)),
    text: access.getState(new ValueStateDescriptor('text', types.string, ttl)),
    list: access.getListState(new ListStateDescriptor('list', types.string, ttl)),
    map: access.getMapState(new MapStateDescriptor('map', types.string, types.string, ttl)),
    kept: access.getState(new ValueStateDescriptor('kept', types.int32)),
  };
}

for (const [backend, lifeOf, managedBytes] of BACKENDS) {
  t.test(`a first snapshot leaves out what has expired, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const access = await life.open(undefined, { managedBytes });
    const { value, text, list, map, kept } = statesOf(access);
    const write = (from: number, to: number): void => {
      for (let key = from; key < to; key++) {
        access.keys.setCurrentKey(`key ${key}`);
        value.update(key);
        text.update(`text of ${key}`);
        list.addAll(['a', 'b']);
        map.put('a', 'A');
        kept.update(key);
      }
    };
    write(0, 300);
    life.wallMs = 60;
    write(200, 400);
    life.wallMs = 120;
    const handle = await life.checkpoint(access);
    // Of 200 keys value, text, the length of the list, two elements and an entry; of all keys what is kept.
    if (managedBytes !== 1024) t.equal(rowsIn(handle), 200 * 6 + 400);
    const again = await life.open(handle, { managedBytes });
    const restored = statesOf(again);
    life.wallMs = 0;
    for (let key = 0; key < 400; key++) {
      again.keys.setCurrentKey(`key ${key}`);
      const lives = key >= 200;
      const seen = [restored.value.value(), restored.text.value(), restored.map.keys()];
      const expected = lives ? [key, `text of ${key}`, ['a']] : [undefined, undefined, []];
      t.strictSame(seen, expected, 'even where the clock is set back');
      t.strictSame(restored.list.get(), lives ? ['a', 'b'] : [], `the list of ${key}`);
      t.equal(restored.kept.value(), key);
    }
    await access.store.close();
    await again.store.close();
  });

  t.test(`a list that lost some of its elements goes on, on ${backend}`, async (t) => {
    const life = lifeOf(t);
    const access = await life.open(undefined, { managedBytes });
    access.keys.setCurrentKey('k');
    const { list } = statesOf(access);
    list.addAll(['a', 'b']);
    life.wallMs = 50;
    list.add('c');
    life.wallMs = 100;
    const again = await life.open(await life.checkpoint(access), { managedBytes });
    again.keys.setCurrentKey('k');
    const { list: restored } = statesOf(again);
    t.strictSame(restored.get(), ['c']);
    restored.add('d');
    t.strictSame(restored.get(), ['c', 'd']);
    life.wallMs = 150;
    t.strictSame(restored.get(), ['d']);
    life.wallMs = 200;
    t.strictSame(restored.get(), []);
    restored.add('e');
    t.strictSame(restored.get(), ['e']);
    restored.clear();
    const { files } = await life.checkpoint(again);
    const third = await life.open(await life.checkpoint(again), { managedBytes });
    third.keys.setCurrentKey('k');
    t.strictSame(statesOf(third).list.get(), [], `${files.length} files`);
    for (const { store } of [access, again, third]) await store.close();
  });
}
