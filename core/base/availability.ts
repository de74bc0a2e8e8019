/**
 * A promise that whoever waits gets now and somebody settles later, again and again: how a reader says
 * "nothing yet" and how it is woken. Belongs to one thread.
 *
 * Invariants:
 * - all who wait at one time share one promise, and `release` settles it;
 * - a wait that begins after a release waits for the next one: callers look at their condition first.
 */
export class Availability {
  #promise: Promise<void> | undefined;
  #resolve: () => void;

  constructor() {
    this.#promise = undefined;
    this.#resolve = nothing;
  }

  /** Settles at the next {@link release}. */
  wait(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }

  /** Wakes everybody who waits; does nothing when nobody does. */
  release(): void {
    const resolve = this.#resolve;
    this.#promise = undefined;
    this.#resolve = nothing;
    resolve();
  }
}

function nothing(): void {}
