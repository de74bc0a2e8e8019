import type { Timers } from '../../core/internal.js';

/** The longest delay that Node's timers take, ms; longer ones are armed again on the way. */
const DELAY_MAX_MS = 2 ** 31 - 1;

/**
 * Timers of the event loop. Tokens are handed to one receiver, as turns of the event loop.
 *
 * Invariant: a token is delivered at most once, and never after its cancel or after `close`.
 */
export class SystemTimers<Token> implements Timers<Token> {
  readonly #receive: (token: Token) => void;
  readonly #armed = new Map<number, NodeJS.Timeout>();
  #nextId = 1;

  constructor(receive: (token: Token) => void) {
    this.#receive = receive;
  }

  arm(delayMs: number, token: Token): number {
    const id = this.#nextId++;
    this.#schedule(id, delayMs, token);
    return id;
  }

  cancel(id: number): void {
    clearTimeout(this.#armed.get(id));
    this.#armed.delete(id);
  }

  close(): void {
    for (const timeout of this.#armed.values()) clearTimeout(timeout);
    this.#armed.clear();
  }

  #schedule(id: number, delayMs: number, token: Token): void {
    const step = Math.min(Math.max(0, delayMs), DELAY_MAX_MS);
    const timeout = setTimeout(() => {
      if (delayMs > DELAY_MAX_MS) {
        this.#schedule(id, delayMs - DELAY_MAX_MS, token);
        return;
      }
      this.#armed.delete(id);
      this.#receive(token);
    }, step);
    this.#armed.set(id, timeout);
  }
}
