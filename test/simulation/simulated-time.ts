import type { Clock, Prng, Timers } from '../../core/internal.js';
import type { Participant } from './simulated-scheduler.js';

interface Armed {
  readonly id: number;
  readonly atMs: number;
  readonly owner: object;
  readonly fire: () => void;
}

/**
 * Virtual time. It stands still between turns; who moves it is the scheduler.
 *
 * Invariants: monotonic time never goes back, wall time may jump; a timer fires in a turn of its own, not
 * before its time; timers that are due fire in drawn order; a cancelled or disowned timer never fires.
 */
export class SimulatedTime implements Participant {
  readonly weight = 4;
  readonly clock: Clock;
  readonly #prng: Prng;
  #nowMs = 0;
  #wallOffsetMs: number;
  #armed: Armed[] = [];
  #nextId = 1;

  constructor(prng: Prng, epochMs: number) {
    this.#prng = prng;
    this.#wallOffsetMs = epochMs;
    this.clock = { monotonicMs: () => this.#nowMs, wallMs: () => this.wallMs };
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Whole milliseconds since the epoch. */
  get wallMs(): number {
    return Math.floor(this.#wallOffsetMs + this.#nowMs);
  }

  /** Somebody sets the clock of the machine. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Timers whose tokens go to one receiver; `owner` groups them, so that a crash forgets them together. */
  timersFor<Token>(owner: object, receive: (token: Token) => void): Timers<Token> {
    return {
      arm: (delayMs, token) => this.#arm(owner, Math.max(0, delayMs), () => receive(token)),
      cancel: (id) => {
        this.#armed = this.#armed.filter((armed) => armed.id !== id);
      },
    };
  }

  /** Settles when virtual time has passed. */
  sleep(owner: object, delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#arm(owner, delayMs, resolve);
    });
  }

  /** Forgets the timers of what has ended. */
  disown(owner: object): void {
    this.#armed = this.#armed.filter((armed) => armed.owner !== owner);
  }

  isReady(): boolean {
    return this.dueMs() <= this.#nowMs;
  }

  dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { atMs } of this.#armed) if (atMs < dueMs) dueMs = atMs;
    return dueMs;
  }

  takeTurn(): void {
    const due = this.#armed.filter(({ atMs }) => atMs <= this.#nowMs);
    const armed = due[this.#prng.below(due.length)];
    if (armed === undefined) return;
    this.#armed = this.#armed.filter((other) => other !== armed);
    armed.fire();
  }

  advanceTo(ms: number): void {
    if (ms > this.#nowMs) this.#nowMs = ms;
  }

  #arm(owner: object, delayMs: number, fire: () => void): number {
    const id = this.#nextId++;
    this.#armed.push({ id, atMs: this.#nowMs + delayMs, owner, fire });
    return id;
  }
}
