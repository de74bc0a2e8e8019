import { workerData } from 'node:worker_threads';
import { KillLock, type KillLockMemory } from '../../memory/kill-lock.js';
import { LmdbEnvironment } from '../../storage/state/lmdb-environment.js';

/** A thread that says that it is inside a write transaction, and stays there until it is ended. */
export interface StuckWriterOrder {
  readonly path: string;
  readonly inside: SharedArrayBuffer;
  readonly lock: KillLockMemory;
}

const { path, inside, lock } = workerData as StuckWriterOrder;
const word = new Int32Array(inside);
new KillLock(lock).enter();
const environment = new LmdbEnvironment(path);
environment.transact(() => {
  environment.put(Uint8Array.of(1), Uint8Array.of(1));
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
  for (;;) Atomics.wait(word, 0, 1, 1000);
});
