import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { types } from '../../../core/serde/types.js';
import { ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../../storage/state/lmdb-state-backend.js';
import { KeyedStateLife } from '../../keyed-state.js';

const FLEETING = new ValueStateDescriptor('fleeting', types.string);

for (const backend of ['heap', 'lmdb'] as const) {
  t.test(`${backend}: a row that went, came back and went again between two snapshots is gone`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-fleeting-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const writer = new InThreadStateWriter();
    const life = new KeyedStateLife(
      backend === 'heap' ? new HeapStateBackend() : new LmdbStateBackend(folder, () => writer.connect()),
    );
    const access = await life.open();
    const state = access.getState(FLEETING);
    for (const key of [1, 2]) {
      access.keys.setCurrentKey(key);
      state.update('before');
    }
    await life.checkpoint(access);
    access.keys.setCurrentKey(1);
    state.clear();
    state.update('between');
    state.clear();
    const increment = await life.checkpoint(access);
    await access.store.close();
    const restored = await life.open(increment);
    const values = [1, 2].map((key) => {
      restored.keys.setCurrentKey(key);
      return restored.getState(FLEETING).value();
    });
    t.same(values, [undefined, 'before']);
    await restored.store.close();
  });
}
