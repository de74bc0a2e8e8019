import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { InThreadStateWriter } from '../../storage/state/in-thread-state-writer.js';
import { LmdbStateBackend } from '../../storage/state/lmdb-state-backend.js';
import type { StateWriterPort } from '../../storage/state/state-writer-protocol.js';
import { check } from '../check.js';
import { fixedBytes, stateCommands } from './state-commands.js';
import { restoredStore, StateStoreWorld } from './state-store-world.js';

/**
 * A state writer that seems to need time: its replies come when they are waited for, or the third time they
 * are looked for.
 */
function delayed(port: StateWriterPort): StateWriterPort {
  let looks = 0;
  return {
    post: (message) => port.post(message),
    receive: () => (++looks % 3 === 0 ? port.receive() : undefined),
    wait: () => {
      looks = 2;
    },
  };
}

const WORLDS = [
  { managedBytes: 0, patience: 'prompt' },
  { managedBytes: 0, patience: 'delayed' },
  { managedBytes: 4 * 1024 * 1024, patience: 'prompt' },
] as const;

for (const { managedBytes, patience } of WORLDS) {
  const name = `LMDB state store, ${managedBytes} bytes, ${patience} writer`;
  t.test(`does what plain maps do, and snapshots hold the state of their freeze: ${name}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-lmdb-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    let world = 0;
    await check(
      name,
      fc.asyncProperty(stateCommands, fixedBytes, async (commands, bytes) => {
        const writer = new InThreadStateWriter();
        const backend = new LmdbStateBackend(join(folder, `${++world}`), () =>
          patience === 'prompt' ? writer.connect() : delayed(writer.connect()),
        );
        await new StateStoreWorld((request) => restoredStore(backend, request), managedBytes, bytes).run(
          commands,
        );
      }),
      { runs: 60 },
    );
  });
}
