import { isMainThread } from 'node:worker_threads';

/** Loaded before anything else of each thread: none but the main one ever comes to what it was started for. */
if (!isMainThread) {
  setInterval(() => {}, 1000);
  await new Promise(() => {});
}
