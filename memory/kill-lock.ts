/**
 * Decides between a thread that is about to do what must not be cut short (an LMDB write transaction, which
 * would block every later writer of the process for ever) and somebody who is about to end that thread.
 *
 * ```
 *   FREE    --enter-->   INSIDE  --leave-->  FREE
 *   FREE    --tryKill--> KILLED                          for good
 *   INSIDE  --tryKill--> WANTED  --leave-->  KILLED      the thread enters no more
 * ```
 *
 * Invariants: once WANTED or KILLED, `enter` is refused for ever; while INSIDE or WANTED, `tryKill` is refused.
 * So whoever asks again and again waits for one `leave` at most, however busy the thread is.
 */
const FREE = 0;
const INSIDE = 1;
const WANTED = 2;
const KILLED = 3;

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
    const word = this.#word;
    if (Atomics.compareExchange(word, 0, INSIDE, FREE) === WANTED) Atomics.store(word, 0, KILLED);
  }

  /** By another thread: true means that the thread may be ended now. False: it is inside; ask again soon. */
  tryKill(): boolean {
    const word = this.#word;
    const free = Atomics.compareExchange(word, 0, FREE, KILLED);
    if (free === FREE || free === KILLED) return true;
    // Where the thread has left in between, the word is FREE, and the next question is answered by it.
    Atomics.compareExchange(word, 0, INSIDE, WANTED);
    return false;
  }
}
