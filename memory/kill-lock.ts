/**
 * Decides between a thread that is about to do what must not be cut short (an LMDB write transaction, which
 * would block every later writer of the process for ever) and somebody who is about to end that thread.
 *
 * ```
 *   FREE    --enter-->  INSIDE  --leave-->  FREE
 *   FREE    --tryKill-> KILLED                        for good
 * ```
 *
 * Invariants: once KILLED, `enter` is refused for ever; while INSIDE, `tryKill` is refused.
 */
const FREE = 0;
const INSIDE = 1;
const KILLED = 2;

export type KillLockMemory = SharedArrayBuffer;

export class KillLock {
  readonly #word: Int32Array;

  constructor(memory: KillLockMemory) {
    this.#word = new Int32Array(memory);
  }

  static memory(): KillLockMemory {
    return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  }

  /** By the thread: false means that it is being ended and must not go on. */
  enter(): boolean {
    return Atomics.compareExchange(this.#word, 0, FREE, INSIDE) === FREE;
  }

  /** By the thread, after an `enter` that was allowed. */
  leave(): void {
    Atomics.compareExchange(this.#word, 0, INSIDE, FREE);
  }

  /** By another thread: true means that the thread may be ended now. False: it is inside; ask again soon. */
  tryKill(): boolean {
    return Atomics.compareExchange(this.#word, 0, FREE, KILLED) !== INSIDE;
  }
}
