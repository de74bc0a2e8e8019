import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { endTree, loadNative } from '../../actors/boot/threads/native-loads.js';
import { ownPort } from '../../actors/boot/threads/own-port.js';
import { spawnThread } from '../../actors/boot/threads/spawn-thread.js';

/**
 * `node slow-load-process.js HOW`: a thread that a thread has started loads a library that takes its time, while the
 * threads are ended: by `tree` as the engine ends them, by `exit` as a user's process does, by `terminate` as if nobody
 * looked. Prints `loading`, and `loaded` if it comes to that.
 */
const HEAP = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };
const LOAD_MS = 300;
const self = new URL(import.meta.url);

if (isMainThread) {
  const root = spawnThread(self, HEAP, { workerData: 'root' });
  await once(root, 'message');
  const [how] = process.argv.slice(2);
  if (how === 'exit') process.exit(0);
  if (how === 'tree') await endTree(root);
  if (how === 'terminate') await root.terminate();
} else {
  const { port, data } = ownPort();
  if (data === 'root')
    spawnThread(self, HEAP, { workerData: 'leaf' }).once('message', () => port.postMessage(''));
  else loadNative(() => load(() => port.postMessage('')));
}

function load(begun: () => void): void {
  writeSync(1, 'loading\n');
  begun();
  for (const until = performance.now() + LOAD_MS; performance.now() < until; );
  writeSync(1, 'loaded\n');
}
