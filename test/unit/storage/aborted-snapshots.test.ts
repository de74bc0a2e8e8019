import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { KeyedStateHandle } from '../../../core/checkpoint/snapshot-handle.js';
import { types } from '../../../core/serde/types.js';
import type { KeyedStateAccess } from '../../../core/state/keyed-state-access.js';
import { ValueStateDescriptor } from '../../../core/state/state-descriptor.js';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../../storage/state/lmdb-state-backend.js';
import { KeyedStateLife } from '../../keyed-state.js';

const TEXT = new ValueStateDescriptor('text', types.string);
/** Of which all is told; there is another one, so that state is never empty. */
const KEY = 1;

/** What is done to one row, and to snapshots by number, which are written at once. */
type Step =
  | readonly ['put', string]
  | readonly ['delete']
  | readonly ['snapshot']
  | readonly ['complete' | 'abort', number];

/** Complete in one snapshot, and deleted in the next, which is under way. */
const DELETED: readonly Step[] = [['put', 'old'], ['snapshot'], ['complete', 1], ['delete'], ['snapshot']];

/** Each ends with a snapshot that is complete. */
const SCENES: Readonly<Record<string, readonly Step[]>> = {
  'changed in two that are aborted, then deleted': [
    ['snapshot'],
    ['complete', 1],
    ['put', 'a'],
    ['snapshot'],
    ['put', 'b'],
    ['snapshot'],
    ['delete'],
    ['abort', 2],
    ['abort', 3],
    ['snapshot'],
    ['complete', 4],
  ],
  'deleted in one, back in the next, both aborted, deleted again': [
    ...DELETED,
    ['put', 'new'],
    ['snapshot'],
    ['abort', 2],
    ['snapshot'],
    ['abort', 3],
    ['abort', 4],
    ['delete'],
    ['snapshot'],
    ['complete', 5],
  ],
  'changed once more in the one after that': [
    ...DELETED,
    ['put', 'new'],
    ['snapshot'],
    ['put', 'newer'],
    ['snapshot'],
    ['abort', 2],
    ['abort', 3],
    ['abort', 4],
    ['delete'],
    ['snapshot'],
    ['complete', 5],
  ],
  'back in two, of which the later one is aborted first': [
    ...DELETED,
    ['put', 'first'],
    ['snapshot'],
    ['put', 'second'],
    ['snapshot'],
    ['delete'],
    ['abort', 2],
    ['abort', 4],
    ['abort', 3],
    ['snapshot'],
    ['complete', 5],
  ],
  'born in one that completes, after an older one was aborted': [
    ['snapshot'],
    ['complete', 1],
    ['put', 'a'],
    ['snapshot'],
    ['snapshot'],
    ['abort', 2],
    ['complete', 3],
    ['delete'],
    ['snapshot'],
    ['complete', 4],
  ],
};

for (const backend of ['heap', 'lmdb'] as const) {
  for (const [name, steps] of Object.entries(SCENES)) {
    t.test(`${backend}: a row that is ${name}, is gone`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'millrace-aborted-'));
      t.teardown(() => rmSync(folder, { recursive: true, force: true }));
      const writer = new InThreadStateWriter();
      const life = new KeyedStateLife(
        backend === 'heap' ? new HeapStateBackend() : new LmdbStateBackend(folder, () => writer.connect()),
      );
      const access = await life.open();
      at(access, 0).update('another');
      const handles: KeyedStateHandle[] = [];
      let completed: KeyedStateHandle | undefined;
      for (const [what, given] of steps) {
        if (what === 'put') at(access, KEY).update(given);
        else if (what === 'delete') at(access, KEY).clear();
        else if (what === 'complete') {
          access.store.notifyCheckpointComplete(given);
          completed = structuredClone(handles[given - 1]);
        } else if (what === 'abort') access.store.notifyCheckpointAborted(given);
        else {
          const id = handles.length + 1;
          const snapshot = access.store.snapshot(id);
          handles.push(await snapshot.write(life.files.writerFor(id)));
          snapshot.discard();
        }
      }
      t.equal(at(access, KEY).value(), undefined, 'where it was');
      await access.store.close();
      const restored = await life.open(completed);
      t.same(
        [0, KEY].map((key) => at(restored, key).value()),
        ['another', undefined],
        'and after a restore',
      );
      await restored.store.close();
    });
  }
}

function at(access: KeyedStateAccess, key: number) {
  access.keys.setCurrentKey(key);
  return access.getState(TEXT);
}
