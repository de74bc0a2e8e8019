import type { Clock, Timers } from '../../core/internal.js';

interface Armed {
  readonly id: number;
  readonly atMs: number;
  readonly fire: () => void;
}

/**
 * Time that only moves when it is told to; wall time and monotonic time are the same.
 *
 * Invariants: it never goes back; a timer fires at its time, once, and after those that were due before it;
 * a cancelled one never fires.
 */
export class VirtualTime {
  readonly clock: Clock = { monotonicMs: () => this.nowMs, wallMs: () => this.nowMs };
  nowMs: number;
  #armed: Armed[] = [];
  #nextId = 1;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** When the next timer is due; Infinity: there is none. */
  get dueMs(): number {
    return this.#armed[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  timersFor<Token>(receive: (token: Token) => void): Timers<Token> {
    return {
      arm: (delayMs, token) => {
        const armed = { id: this.#nextId++, atMs: this.nowMs + delayMs, fire: () => receive(token) };
        this.#armed = [...this.#armed, armed].sort((a, b) => a.atMs - b.atMs || a.id - b.id);
        return armed.id;
      },
      cancel: (id) => {
        this.#armed = this.#armed.filter((armed) => armed.id !== id);
      },
    };
  }

  /** False if no timer is due now. */
  fireNext(): boolean {
    if (this.dueMs > this.nowMs) return false;
    this.#armed.shift()?.fire();
    return true;
  }
}
