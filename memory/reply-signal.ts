/**
 * Wakes a thread that blocks for an answer: the answering side raises a count, the waiting side sleeps only
 * if the count is still what it was before it looked for the answer. No answer is slept over.
 */
export type ReplySignalMemory = SharedArrayBuffer;

export class ReplySignal {
  readonly #word: Int32Array;

  constructor(memory: ReplySignalMemory) {
    this.#word = new Int32Array(memory);
  }

  static memory(): ReplySignalMemory {
    return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  }

  /** By the answering side, after the answer is on its way. */
  raise(): void {
    Atomics.add(this.#word, 0, 1);
    Atomics.notify(this.#word, 0);
  }

  /** By the waiting side, before it looks. */
  ticket(): number {
    return Atomics.load(this.#word, 0);
  }

  /** Blocks the thread until the count is no longer the ticket, at most `timeoutMs`. */
  wait(ticket: number, timeoutMs: number): void {
    Atomics.wait(this.#word, 0, ticket, timeoutMs);
  }
}
