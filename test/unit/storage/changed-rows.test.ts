import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { types } from '../../../core/serde/types.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import { MapStateDescriptor, ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import { InThreadStateWriter } from '../../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../../storage/state/lmdb-state-backend.js';
import { KeyedStateLife } from '../../keyed-state.js';

/** So many that a checkpoint with few changes is no new base. */
const KEYS = 200;
const BACKENDS = ['heap', 'lmdb'] as const;

function lifeOn(t: Test, backend: (typeof BACKENDS)[number]): KeyedStateLife {
  if (backend === 'heap') return new KeyedStateLife();
  const folder = mkdtempSync(join(tmpdir(), 'millrace-changed-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const writer = new InThreadStateWriter();
  return new KeyedStateLife(new LmdbStateBackend(folder, () => writer.connect()));
}

/** A row of a value, one of a text and one of a map, of the current key. */
function statesOf(access: KeyedStateAccess) {
  const number = access.getState(new ValueStateDescriptor('number', types.int32));
  const text = access.getState(new ValueStateDescriptor('text', types.string));
  const map = access.getMapState(new MapStateDescriptor('map', types.string, types.string));
  return {
    put(value: number): void {
      number.update(value);
      text.update(`the text ${'x'.repeat(value)}`);
      map.put('entry', `the entry ${'x'.repeat(value)}`);
    },
    remove(): void {
      number.clear();
      text.clear();
      map.clear();
    },
    seen: () => [number.value(), text.value()?.length, map.get('entry')?.length],
  };
}

function shown(value: number | undefined): unknown[] {
  return value === undefined ? [undefined, undefined, undefined] : [value, 9 + value, 10 + value];
}

/** A store of which a checkpoint holds 1 for every key. */
async function filled(life: KeyedStateLife) {
  const access = await life.open();
  const states = statesOf(access);
  for (let key = 0; key < KEYS; key++) {
    access.keys.setCurrentKey(key);
    states.put(1);
  }
  await life.checkpoint(access);
  return { access, states };
}

/** What the next checkpoint holds of these keys. */
async function holds(
  t: Test,
  life: KeyedStateLife,
  access: KeyedStateAccess,
  expected: ReadonlyMap<number, number | undefined>,
): Promise<void> {
  const after = await life.open(await life.checkpoint(access));
  const restored = statesOf(after);
  for (const [key, value] of expected) {
    after.keys.setCurrentKey(key);
    t.same(restored.seen(), shown(value), `key ${key}`);
  }
  await access.store.close();
  await after.store.close();
}

for (const backend of BACKENDS) {
  t.test(`${backend}: what a checkpoint holds and is changed and deleted after it is gone`, async (t) => {
    const life = lifeOn(t, backend);
    const { access, states } = await filled(life);
    for (const key of [3, 4, 5]) {
      access.keys.setCurrentKey(key);
      states.put(30);
      if (key !== 4) states.remove();
      if (key === 5) states.put(2);
    }
    const expected = [
      [2, 1],
      [3, undefined],
      [4, 30],
      [5, 2],
    ] as const;
    await holds(t, life, access, new Map(expected));
  });

  t.test(`${backend}: changes before checkpoints that were given up are in the next one`, async (t) => {
    const life = lifeOn(t, backend);
    const { access, states } = await filled(life);
    for (const value of [2, 3, 4]) {
      access.keys.setCurrentKey(7);
      states.put(value);
      access.keys.setCurrentKey(8);
      if (value === 3) states.put(value);
      else states.remove();
      if (value === 2) access.keys.setCurrentKey(9);
      if (value === 2) states.put(value);
      await life.abort(access);
    }
    const expected = [
      [7, 4],
      [8, undefined],
      [9, 2],
      [10, 1],
    ] as const;
    await holds(t, life, access, new Map(expected));
  });
}
