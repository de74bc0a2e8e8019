import { invariant } from '../../core/internal.js';

/**
 * Turns "append and wait" into the stream that a store pulls from, holding one chunk at a time.
 *
 * Invariants:
 * - at most one chunk is under way, and `push` of it settles only when the store asks for the next one (so
 *   it has no more use for the bytes) or has gone;
 * - after `end`, `fail` or the store's going nothing is pushed;
 * - one producer, one consumer, one turn each.
 */
export class BlockStream implements AsyncIterable<Uint8Array> {
  #state: 'open' | 'ended' | 'failed' | 'gone' = 'open';
  #error: unknown;
  #chunk: Uint8Array | undefined;
  #taken: Settle<void> | undefined;
  #wanted: Settle<IteratorResult<Uint8Array>> | undefined;
  #lent = false;

  /** Resolves when the bytes may be used again. Rejects with what {@link abandonedBy} was told. */
  push(chunk: Uint8Array): Promise<void> {
    if (this.#state === 'gone') return Promise.reject(this.#error);
    invariant(this.#state === 'open' && this.#taken === undefined, 'one chunk is under way at a time');
    return new Promise((resolve, reject) => {
      this.#taken = { resolve, reject };
      this.#chunk = chunk;
      this.#deliver();
    });
  }

  /** Nothing follows. */
  end(): void {
    this.#finish('ended', undefined);
  }

  /** The producer gives up: the store's read throws this. */
  fail(error: unknown): void {
    this.#finish('failed', error);
  }

  /** The store's write has failed; whoever waits in `push`, or pushes later, is told. */
  abandonedBy(error: unknown): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#error = error;
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.reject(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () =>
        new Promise((resolve, reject) => {
          this.#wanted = { resolve, reject };
          this.#giveBack();
          this.#deliver();
        }),
      return: async () => {
        this.#giveBack();
        return { done: true, value: undefined };
      },
    };
  }

  #finish(state: 'ended' | 'failed', error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.#error = error;
    this.#deliver();
  }

  #giveBack(): void {
    if (!this.#lent) return;
    this.#lent = false;
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.resolve();
  }

  #deliver(): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    const chunk = this.#chunk;
    if (chunk !== undefined) {
      this.#chunk = undefined;
      this.#wanted = undefined;
      this.#lent = true;
      wanted.resolve({ done: false, value: chunk });
    } else if (this.#state === 'ended') {
      this.#wanted = undefined;
      wanted.resolve({ done: true, value: undefined });
    } else if (this.#state === 'failed') {
      this.#wanted = undefined;
      wanted.reject(this.#error);
    }
  }
}

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}
