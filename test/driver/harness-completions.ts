import type { Completions } from '../../core/internal.js';

/** A promise that a task waits for. */
interface Awaited {
  /** It did not settle while it was waited for; it may still do so, and is then taken as it comes. */
  outlasted: boolean;
}

/**
 * Promises that one task waits for. What has settled waits until the task is given a turn, in the order of
 * settling.
 *
 * Invariant: nothing is delivered after `close`.
 */
export class HarnessCompletions implements Completions {
  readonly #isIdle: (promise: Promise<unknown>) => boolean;
  readonly #awaited = new Set<Awaited>();
  #settled: (() => void)[] = [];
  #closed = false;

  /** `isIdle`: this promise settles only when the harness is told something. */
  constructor(isIdle: (promise: Promise<unknown>) => boolean) {
    this.#isIdle = isIdle;
  }

  get hasSettled(): boolean {
    return this.#settled.length > 0;
  }

  /** Whether something is under way that was not yet waited for in vain. */
  get isAwaiting(): boolean {
    for (const { outlasted } of this.#awaited) if (!outlasted) return true;
    return false;
  }

  watch<T>(promise: Promise<T>, settled: (value: T) => void, failed: (error: unknown) => void): void {
    const awaited: Awaited = { outlasted: this.#isIdle(promise) };
    this.#awaited.add(awaited);
    const add = (deliver: () => void): void => {
      this.#awaited.delete(awaited);
      if (!this.#closed) this.#settled.push(deliver);
    };
    promise.then(
      (value) => add(() => settled(value)),
      (error: unknown) => add(() => failed(error)),
    );
  }

  /** Nobody waits any longer for what is under way now. */
  outlast(): void {
    for (const awaited of this.#awaited) awaited.outlasted = true;
  }

  /** @throws what the receiver throws */
  deliverNext(): void {
    this.#settled.shift()?.();
  }

  close(): void {
    this.#closed = true;
    this.#settled = [];
    this.#awaited.clear();
  }
}
