import { getEnvironmentData, isMainThread, setEnvironmentData, type Worker } from 'node:worker_threads';
import { MillraceError } from '../../../core/internal.js';
import { KillLock, type KillLockMemory } from '../../../memory/index.js';

/** Each thread finds here, from its start, the lock of the tree of threads that it belongs to. */
const TREE = 'millrace.native-loads';
/** How long a thread is given to load; on a machine with much other load it takes seconds. */
export const LOADING_MS = 30_000;
const LOOK_EVERY_MS = 5;

/**
 * A native library whose registration is cut off ends the process, with SIGABRT and without a word that a user would
 * understand: no thread may be ended while it, or one that it has started, loads one. So who loads is inside the kill
 * lock of its tree, whose root is a thread that the main thread has started.
 *
 * Invariants: once a tree is to be ended none of its threads begins to load; it is ended when none is loading, or when
 * one has taken {@link LOADING_MS}; so do the trees that are left when the process exits, whoever has asked for that.
 */
const trees = new Map<Worker, KillLock>();

/** Starts the root of a tree; on another thread than the main one just a thread of the tree. */
export function startTree(start: () => Worker): Worker {
  if (!isMainThread) return start();
  const memory = KillLock.memory();
  setEnvironmentData(TREE, memory);
  let thread: Worker;
  try {
    thread = start();
  } finally {
    setEnvironmentData(TREE, undefined);
  }
  if (trees.size === 0) process.once('exit', endTrees);
  trees.set(thread, new KillLock(memory));
  thread.once('exit', () => {
    trees.delete(thread);
    if (trees.size === 0) process.off('exit', endTrees);
  });
  return thread;
}

/** Ends a thread of {@link startTree} by force, and with it those that it has started. Idempotent. */
export async function endTree(thread: Worker): Promise<void> {
  // Who has ended by itself has taken its threads with it.
  for (
    let waited = 0;
    trees.get(thread)?.tryKill() === false && waited < LOADING_MS;
    waited += LOOK_EVERY_MS
  ) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  await thread.terminate();
}

/**
 * Loads a native library.
 *
 * @throws MillraceError MR5003 where the thread is about to be ended
 */
export function loadNative(load: () => void): void {
  const loads = ownTree();
  if (loads?.enter() === false) throw new MillraceError('MR5003', 'This thread is being ended.');
  try {
    load();
  } finally {
    loads?.leave();
  }
}

/** By the root of a tree, at its beginning: should it end by itself, those below it are ended by force. */
export function endTreeAtExit(): void {
  process.once('exit', () => ownTree()?.killWaiting(LOADING_MS));
}

function ownTree(): KillLock | undefined {
  const memory = getEnvironmentData(TREE) as KillLockMemory | undefined;
  return memory && new KillLock(memory);
}

/** Behind the listeners of `exit` the threads are ended by force. */
function endTrees(): void {
  for (const loads of trees.values()) loads.killWaiting(LOADING_MS);
}
