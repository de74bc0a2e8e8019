/** What a thread does when it found nothing to do. */
export const IdleAction = {
  /** Look again at once. */
  SPIN: 0,
  /** Give the event loop a turn, then look again. */
  YIELD: 1,
  /** Sleep on the doorbell. */
  PARK: 2,
} as const;

export type IdleAction = (typeof IdleAction)[keyof typeof IdleAction];

/**
 * Spins a little, yields a little, then parks: work that comes in bursts is found within a microsecond,
 * and an idle thread costs nothing. Waking a parked thread takes some 15 to 60 us.
 */
export class IdleStrategy {
  readonly #spins: number;
  readonly #yields: number;
  #idle = 0;

  constructor(spins = 20, yields = 2) {
    this.#spins = spins;
    this.#yields = yields;
  }

  /** Called after each look that found nothing. */
  next(): IdleAction {
    const idle = this.#idle++;
    if (idle < this.#spins) return IdleAction.SPIN;
    return idle < this.#spins + this.#yields ? IdleAction.YIELD : IdleAction.PARK;
  }

  /** Called when something was done. */
  reset(): void {
    this.#idle = 0;
  }
}
