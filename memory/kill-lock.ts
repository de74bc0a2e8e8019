import { invariant } from '../core/internal.js';

/**
 * Decides between threads that are about to do what must not be cut short (an LMDB write transaction, which would
 * block every later writer of the process for ever; the registration of a native library, which would end the process)
 * and somebody who is about to end those threads.
 *
 * ```
 *   0 inside          --enter-->   1 inside          --leave-->  0 inside
 *   0 inside          --tryKill--> WANTED, 0 inside                          killed, for good
 *   n inside          --tryKill--> WANTED, n inside  --leave-->  WANTED, n - 1 inside
 * ```
 *
 * Invariants: once WANTED, `enter` is refused for ever; while anybody is inside, `tryKill` is refused. So whoever asks
 * again and again waits for one `leave` of each thread at most, however busy they are.
 */
const WANTED = 1 << 30;

export type KillLockMemory = SharedArrayBuffer;

export class KillLock {
  readonly #word: Int32Array;

  constructor(memory: KillLockMemory) {
    this.#word = new Int32Array(memory);
  }

  static memory(): KillLockMemory {
    return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  }

  /** By a thread: false means that it is being ended and must not go on. */
  enter(): boolean {
    const word = this.#word;
    for (;;) {
      const seen = Atomics.load(word, 0);
      if ((seen & WANTED) !== 0) return false;
      if (Atomics.compareExchange(word, 0, seen, seen + 1) === seen) return true;
    }
  }

  /** By a thread, after an `enter` that was allowed. */
  leave(): void {
    const before = Atomics.sub(this.#word, 0, 1);
    invariant((before & ~WANTED) > 0, 'only who is inside leaves', { before });
    Atomics.notify(this.#word, 0);
  }

  /** By another thread: true means that the threads may be ended now. False: one is inside; ask again soon. */
  tryKill(): boolean {
    return (Atomics.or(this.#word, 0, WANTED) & ~WANTED) === 0;
  }

  /**
   * As {@link tryKill}, asked until nobody is inside; false: for `ms` nobody has left. It blocks the thread: for where
   * nothing can be awaited.
   */
  killWaiting(ms: number): boolean {
    while (!this.tryKill()) {
      const seen = Atomics.load(this.#word, 0);
      if ((seen & ~WANTED) !== 0 && Atomics.wait(this.#word, 0, seen, ms) === 'timed-out') return false;
    }
    return true;
  }
}
