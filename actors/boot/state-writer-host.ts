import { MessageChannel, type Worker } from 'node:worker_threads';
import { isMillraceError, MillraceError } from '../../core/internal.js';
import { KillLock, ReplySignal, STATE_WRITER_HEAP } from '../../memory/index.js';
import type { StateWriterConnection } from './state-writer-link.js';
import type { StateWriterOrder, StateWriterThreadData } from './state-writer-thread.js';
import { endProcess } from './threads/end-process.js';
import { spawnThread } from './threads/spawn-thread.js';

/** How long the thread may take to leave by itself. */
const LEAVE_MS = 2000;
/** How long it may be inside one write transaction before the process is given up. */
const STUCK_MS = 10_000;
const LOOK_EVERY_MS = 20;

/**
 * The state writer's thread, as the TaskManager holds it.
 *
 * Invariants: the thread is ended by force only when the kill lock says that it is in no write transaction;
 * where that never comes, the process ends, since no later writer of it could go on either.
 */
export class StateWriterHost {
  readonly #thread: Worker;
  readonly #lock: KillLock;
  readonly #exited: Promise<void>;
  #closing = false;

  /**
   * @param quotaBytes what all environments may take on the disk; undefined: all there is
   * @param onFailed is told if the thread ends by itself
   */
  constructor(quotaBytes: number | undefined, onFailed: (error: MillraceError) => void) {
    const lock = KillLock.memory();
    this.#lock = new KillLock(lock);
    // On behalf of the thread, which leaves when it has loaded: cut off within that, the native library ends
    // the process.
    this.#lock.enter();
    this.#thread = spawnThread(new URL('./state-writer-thread.js', import.meta.url), STATE_WRITER_HEAP, {
      workerData: { lock, quotaBytes } satisfies StateWriterThreadData,
    });
    let failure: unknown;
    this.#thread.on('error', (error) => {
      failure = error;
    });
    this.#exited = new Promise((resolve) => {
      this.#thread.once('exit', () => {
        resolve();
        if (!this.#closing) onFailed(threadEnded(failure));
      });
    });
  }

  /** A task's end of a new connection; the other end goes to the writer. */
  connect(): StateWriterConnection {
    const { port1, port2 } = new MessageChannel();
    const signal = ReplySignal.memory();
    const order: StateWriterOrder = { type: 'connect', connection: { port: port2, signal } };
    this.#thread.postMessage(order, [port2]);
    return { port: port1, signal };
  }

  /** Resolves when the thread is gone. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#thread.postMessage({ type: 'stop' } satisfies StateWriterOrder);
    if (await goneWithin(this.#exited, LEAVE_MS)) return;
    await endWriter({ thread: this.#thread, lock: this.#lock, exited: this.#exited });
  }
}

/** A thread that writes to LMDB under a kill lock. */
export interface WriterThread {
  readonly thread: Worker;
  readonly lock: KillLock;
  readonly exited: Promise<void>;
}

/** Ends a writer by force, outside of any transaction; where one takes longer than `stuckMs`, the process. */
export async function endWriter(
  { thread, lock, exited }: WriterThread,
  stuckMs: number = STUCK_MS,
): Promise<void> {
  for (let waited = 0; !lock.tryKill(); waited += LOOK_EVERY_MS) {
    if (waited > stuckMs) endProcess('The state writer is stuck in a write transaction');
    if (await goneWithin(exited, LOOK_EVERY_MS)) return;
  }
  await thread.terminate();
}

async function goneWithin(exited: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const gone = await Promise.race([exited.then(() => true), late]);
  clearTimeout(timer);
  return gone;
}

function threadEnded(cause: unknown): MillraceError {
  const why = cause instanceof Error ? cause.message : 'its thread exited';
  if (isMillraceError(cause)) return cause;
  return new MillraceError('MR5003', 'The state writer has ended.', { why, cause });
}
