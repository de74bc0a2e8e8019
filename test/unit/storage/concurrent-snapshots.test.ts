import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { HeapStateBackend } from '../../../storage/state/heap-state-backend.js';
import { InThreadStateWriter } from '../../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../../storage/state/lmdb-state-backend.js';
import type { StateCommand } from '../../property/state-commands.js';
import { restoredStore, StateStoreWorld } from '../../property/state-store-world.js';

/** Snapshots that are frozen before an earlier one is written, of the whole state, since none has completed yet. */

function put(key: number, seed: number): StateCommand {
  return { op: 'put', table: 0, key, element: 1, size: 4, seed };
}

const FREEZE: StateCommand = { op: 'snapshot', write: false };
const WRITE: StateCommand = { op: 'write' };
const STEPS: readonly StateCommand[] = Array.from({ length: 8 }, () => ({ op: 'step' }));
const BACK_TO_COMPLETED: readonly StateCommand[] = [{ op: 'complete' }, { op: 'restore' }];

const FROZEN_TWICE: readonly StateCommand[] = [
  put(1, 1),
  put(2, 1),
  FREEZE,
  put(1, 2),
  { op: 'delete', table: 0, key: 2, element: 1 },
  FREEZE,
  put(1, 3),
  put(2, 3),
  put(3, 3),
];

async function onHeap(commands: readonly StateCommand[]): Promise<void> {
  const backend = new HeapStateBackend();
  await new StateStoreWorld((request) => restoredStore(backend, request), 0, 8).run(commands);
}

async function onLmdb(commands: readonly StateCommand[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-snapshots-'));
  const writer = new InThreadStateWriter();
  const backend = new LmdbStateBackend(join(folder, 'copies'), () => writer.connect());
  try {
    await new StateStoreWorld((request) => restoredStore(backend, request), 0, 8).run(commands);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const [name, run] of Object.entries({ heap: onHeap, LMDB: onLmdb })) {
  t.test(
    `${name}: of two snapshots under way the earlier holds what was there at its own freeze`,
    async () => {
      await run([...FROZEN_TWICE, WRITE, ...STEPS, ...BACK_TO_COMPLETED]);
    },
  );

  t.test(`${name}: and the later what was there at its`, async () => {
    await run([...FROZEN_TWICE, WRITE, WRITE, ...STEPS, ...BACK_TO_COMPLETED]);
  });
}
