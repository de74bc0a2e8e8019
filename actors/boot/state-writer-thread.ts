import type { MessagePort } from 'node:worker_threads';
import { KillLock, type KillLockMemory, ReplySignal } from '../../memory/index.js';
import { preloadLmdb, StateWriter, type StateWriterMessage } from '../../storage/index.js';
import type { StateWriterConnection } from './state-writer-link.js';
import { loadNative } from './threads/native-loads.js';
import { ownPort } from './threads/own-port.js';

/** What the TaskManager tells the thread of the state writer. */
export type StateWriterOrder =
  | { readonly type: 'connect'; readonly connection: StateWriterConnection }
  | { readonly type: 'stop' };

/** What the thread is started with. */
export interface StateWriterThreadData {
  readonly lock: KillLockMemory;
  readonly quotaBytes: number | undefined;
}

/** Entry of the state writer's thread: the only one that writes to LMDB. Orders and writes come one by one. */
loadNative(preloadLmdb);
const { port, data } = ownPort();
const { lock: memory, quotaBytes } = data as StateWriterThreadData;
const lock = new KillLock(memory);
lock.leave();
const writer = new StateWriter(lock, quotaBytes);
const ports = new Set<MessagePort>();
let stopping = false;

function connect({ port: task, signal }: StateWriterConnection): void {
  const bell = new ReplySignal(signal);
  const opened = new Set<string>();
  ports.add(task);
  task.on('message', (message: StateWriterMessage) => {
    if (message.type === 'close') opened.delete(message.path);
    else opened.add(message.path);
    writer.handle(message, (reply) => {
      task.postMessage(reply);
      bell.raise();
    });
  });
  task.on('close', () => {
    ports.delete(task);
    if (!stopping) closeFor(opened);
  });
}

/**
 * A task whose thread was ended by force has not closed what it used. Nobody is left who could be told that this
 * failed: the folder of all working copies goes with the process.
 */
function closeFor(paths: ReadonlySet<string>): void {
  for (const path of paths) writer.handle({ type: 'close', path }, () => {});
}

port.on('message', (order: StateWriterOrder) => {
  if (order.type === 'connect') {
    connect(order.connection);
    return;
  }
  stopping = true;
  for (const task of ports) task.close();
  port.close();
});
