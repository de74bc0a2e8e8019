import type { Completions, Prng } from '../../core/internal.js';

/**
 * Completions of one simulated task: what has settled waits for a turn of the task, and is delivered in
 * drawn order.
 *
 * Invariant: nothing is delivered after `close`.
 */
export class SimulatedCompletions implements Completions {
  readonly #prng: Prng;
  #settled: (() => void)[] = [];
  #closed = false;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  get waiting(): number {
    return this.#settled.length;
  }

  watch<T>(promise: Promise<T>, settled: (value: T) => void, failed: (error: unknown) => void): void {
    promise.then(
      (value) => this.#add(() => settled(value)),
      (error: unknown) => this.#add(() => failed(error)),
    );
  }

  /** @throws what the receiver throws */
  deliverOne(): void {
    const [deliver] = this.#settled.splice(this.#prng.below(this.#settled.length), 1);
    deliver?.();
  }

  close(): void {
    this.#closed = true;
    this.#settled = [];
  }

  #add(deliver: () => void): void {
    if (!this.#closed) this.#settled.push(deliver);
  }
}
