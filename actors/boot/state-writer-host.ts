import { MessageChannel, type Worker } from 'node:worker_threads';
import { isMillraceError, MillraceError } from '../../core/internal.js';
import { KillLock, ReplySignal } from '../../memory/index.js';
import type { StateWriterConnection } from './state-writer-link.js';
import type { StateWriterOrder } from './state-writer-thread.js';
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

  /** `onFailed` is told if the thread ends by itself. */
  constructor(onFailed: (error: MillraceError) => void) {
    const memory = KillLock.memory();
    this.#lock = new KillLock(memory);
    this.#thread = spawnThread(new URL('./state-writer-thread.js', import.meta.url), { workerData: memory });
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
    if (await this.#goneWithin(LEAVE_MS)) return;
    for (let waited = 0; !this.#lock.tryKill(); waited += LOOK_EVERY_MS) {
      if (waited > STUCK_MS) endProcess();
      if (await this.#goneWithin(LOOK_EVERY_MS)) return;
    }
    await this.#thread.terminate();
  }

  async #goneWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, ms, false);
    });
    const gone = await Promise.race([this.#exited.then(() => true), late]);
    clearTimeout(timer);
    return gone;
  }
}

function threadEnded(cause: unknown): MillraceError {
  const why = cause instanceof Error ? cause.message : 'its thread exited';
  if (isMillraceError(cause)) return cause;
  return new MillraceError('MR5003', 'The state writer has ended.', { why, cause });
}

/** The watchdog's last resort: checkpoints are safe on disk, and the next start goes on from them. */
function endProcess(): never {
  process.stderr.write(
    'MR5004 The state writer is stuck in a write transaction; the process ends. Resume it.\n',
  );
  process.exit(70);
}
