import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { types } from '../../../core/serde/types.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import { ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../../storage/state/lmdb-state-backend.js';
import { KeyedStateLife } from '../../keyed-state.js';

function update(access: KeyedStateAccess, keys: readonly number[], value: number): void {
  const count = access.getState(new ValueStateDescriptor('count', types.int32));
  for (const key of keys) {
    access.keys.setCurrentKey(key);
    count.update(value);
  }
}

function read(access: KeyedStateAccess, key: number): number | undefined {
  access.keys.setCurrentKey(key);
  return access.getState(new ValueStateDescriptor('count', types.int32)).value();
}

for (const backend of ['heap', 'lmdb'] as const) {
  t.test(`${backend}: a full snapshot builds on no other, and increments go on from it`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-full-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const writer = new InThreadStateWriter();
    const life = new KeyedStateLife(
      backend === 'heap' ? new HeapStateBackend() : new LmdbStateBackend(folder, () => writer.connect()),
    );
    const access = await life.open();
    const keys = Array.from({ length: 200 }, (_, key) => key);
    update(access, keys, 1);
    const base = await life.checkpoint(access);
    update(access, [5], 2);
    const increment = await life.checkpoint(access);
    t.same([base.files.length, increment.files.length], [1, 2]);
    const full = await life.checkpoint(access, true);
    t.equal(full.files.length, 1);
    t.notOk(increment.files.some(({ key }) => key === full.files[0]?.key));
    update(access, [6], 3);
    const next = await life.checkpoint(access);
    t.equal(next.files.length, 2, 'it is one snapshot that was asked for');
    t.equal(next.files[0]?.key, full.files[0]?.key);
    await access.store.close();
    const restored = await life.open(next);
    t.same(
      [4, 5, 6].map((key) => read(restored, key)),
      [1, 2, 3],
    );
    await restored.store.close();
  });
}
