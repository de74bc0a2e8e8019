import fc from 'fast-check';
import t from 'tap';
import { HeapStateBackend } from '../../storage/state/heap-state-backend.js';
import { check } from '../check.js';
import { fixedBytes, stateCommands } from './state-commands.js';
import { restoredStore, StateStoreWorld } from './state-store-world.js';

t.test('the heap store does what plain maps do, and snapshots hold the state of their freeze', async () => {
  const backend = new HeapStateBackend();
  await check(
    'heap state store',
    fc.asyncProperty(stateCommands, fixedBytes, async (commands, bytes) => {
      await new StateStoreWorld((request) => restoredStore(backend, request), 0, bytes).run(commands);
    }),
    { runs: 200 },
  );
});
