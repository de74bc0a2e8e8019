import type { Timers } from '../../core/internal.js';

/** Makes timers that hand their tokens to one receiver. */
export type CreateTimers = (deliver: (token: number) => void) => Timers<number>;

/**
 * Calls that are due later.
 *
 * Invariant: an action is called at most once, and not after it was called off.
 */
export class Alarms {
  readonly #timers: Timers<number>;
  readonly #actions = new Map<number, () => void>();
  #nextToken = 1;

  constructor(createTimers: CreateTimers) {
    this.#timers = createTimers((token) => {
      const action = this.#actions.get(token);
      this.#actions.delete(token);
      action?.();
    });
  }

  /** Returns what calls it off. */
  set(delayMs: number, action: () => void): () => void {
    const token = this.#nextToken++;
    this.#actions.set(token, action);
    const timer = this.#timers.arm(delayMs, token);
    return () => {
      this.#timers.cancel(timer);
      this.#actions.delete(token);
    };
  }
}
