import type { Completions } from '../../core/internal.js';

/**
 * Completions of one task on its own thread: a settled promise is delivered on the next microtask, when no
 * step of the task runs, and the task is woken.
 *
 * Invariant: nothing is delivered after `close`.
 */
export class EventCompletions implements Completions {
  readonly #wake: () => void;
  readonly #onError: (error: unknown) => void;
  #closed = false;

  constructor(wake: () => void, onError: (error: unknown) => void) {
    this.#wake = wake;
    this.#onError = onError;
  }

  watch<T>(promise: Promise<T>, settled: (value: T) => void, failed: (error: unknown) => void): void {
    promise.then(
      (value) => this.#deliver(() => settled(value)),
      (error: unknown) => this.#deliver(() => failed(error)),
    );
  }

  close(): void {
    this.#closed = true;
  }

  #deliver(callback: () => void): void {
    if (this.#closed) return;
    try {
      callback();
    } catch (error) {
      this.#onError(error);
    }
    this.#wake();
  }
}
