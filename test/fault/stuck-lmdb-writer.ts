import { parentPort, workerData } from 'node:worker_threads';
import { KillLock, type KillLockMemory } from '../../memory/kill-lock.js';
import { LmdbEnvironment } from '../../storage/state/lmdb-environment.js';

export interface StuckWriterOrder {
  readonly path: string;
  readonly lock: KillLockMemory;
}

/** A thread that says that it is inside a write transaction, and stays there until it is ended. */
const { path, lock } = workerData as StuckWriterOrder;
const never = new Int32Array(new SharedArrayBuffer(4));
new KillLock(lock).enter();
const environment = new LmdbEnvironment(path);
environment.transact(() => {
  environment.put(Uint8Array.of(1), Uint8Array.of(1));
  parentPort?.postMessage('inside');
  for (;;) Atomics.wait(never, 0, 0, 1000);
});
