import { LmdbEnvironment } from './lmdb-environment.js';
import { LmdbRows } from './lmdb-rows.js';
import { SortedRows } from './sorted-rows.js';
import type { StateWriterMessage, StateWriterReply } from './state-writer-protocol.js';

/**
 * Says when a thread may be ended by force: never inside an LMDB write transaction, which would block every
 * later writer of the process.
 */
export interface WriteGuard {
  /** A write transaction begins. False: the thread is being ended, and must write no more. */
  enter(): boolean;
  leave(): void;
}

/** Guards nothing: where the writer's thread is never ended by force. */
export const NO_WRITE_GUARD: WriteGuard = { enter: () => true, leave: () => {} };

interface OpenEnvironment {
  readonly environment: LmdbEnvironment;
  readonly rows: LmdbRows;
}

/**
 * Does all writes to the LMDB environments of a TaskManager, on a thread of its own: each message is one
 * short transaction, in which no user code runs. It holds no state that matters: who lost it begins again
 * from a checkpoint.
 *
 * Invariant: an environment is open here from its first message to its `close`.
 */
export class StateWriter {
  readonly #guard: WriteGuard;
  readonly #environments = new Map<string, OpenEnvironment>();

  constructor(guard: WriteGuard) {
    this.#guard = guard;
  }

  /**
   * Carries a message out and replies, a write before this returns; never throws. No reply: the thread is
   * being ended.
   */
  handle(message: StateWriterMessage, reply: (reply: StateWriterReply) => void): void {
    const { path } = message;
    const failed = (error: unknown) =>
      reply({ type: 'failed', path, message: error instanceof Error ? error.message : String(error) });
    if (message.type === 'close') {
      this.#close(path).then(() => reply({ type: 'closed', path }), failed);
      return;
    }
    try {
      if (!this.#write(message)) return;
      const storedBytes = this.#opened(path).environment.storedBytes;
      reply({ type: 'written', path, sequence: message.sequence, storedBytes });
    } catch (error) {
      failed(error);
    }
  }

  #write(message: StateWriterMessage & { readonly type: 'write' }): boolean {
    const { environment, rows } = this.#opened(message.path);
    const sorted = new SortedRows();
    for (const block of message.rows) sorted.add(block);
    if (!this.#guard.enter()) return false;
    try {
      environment.transact(() => {
        sorted.visit((table, keyGroup, key, value) => rows.put(table, keyGroup, key, value));
      });
    } finally {
      this.#guard.leave();
    }
    return true;
  }

  #opened(path: string): OpenEnvironment {
    const known = this.#environments.get(path);
    if (known !== undefined) return known;
    const environment = new LmdbEnvironment(path);
    const opened = { environment, rows: new LmdbRows(environment) };
    this.#environments.set(path, opened);
    return opened;
  }

  async #close(path: string): Promise<void> {
    const opened = this.#environments.get(path);
    this.#environments.delete(path);
    await opened?.environment.remove();
  }
}
