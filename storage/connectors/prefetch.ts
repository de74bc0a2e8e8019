import { Availability } from '../../core/internal.js';

/** What a producer gives; `last`: nothing follows. Without an item when there was nothing to begin with. */
export interface Prefetched<T> {
  readonly item: T | undefined;
  readonly last: boolean;
}

/**
 * Where prefetched items come from. `next` is called again only when it has settled, and never after `close`.
 */
export interface PrefetchSource<T> {
  next(): Promise<Prefetched<T>>;
  /** Called once, when no `next` is under way. Never rejects. */
  close(): Promise<void>;
}

/**
 * Bridges an asynchronous producer and a synchronous consumer: keeps some items ready.
 *
 * Invariants:
 * - at most one `next` is under way, and at most `depth` items wait: that bounds the memory;
 * - items come in order;
 * - a failure is kept until `take` throws it, after the items before it; the promises of this class never
 *   reject.
 */
export class Prefetch<T> {
  readonly #source: PrefetchSource<T>;
  readonly #depth: number;
  readonly #items: T[];
  readonly #arrival: Availability;
  #exhausted: boolean;
  #producing: Promise<void> | undefined;
  #failed: boolean;
  #failure: unknown;
  #closing: Promise<void> | undefined;

  /** `empty`: there is nothing to fetch, and `next` is never called. */
  constructor(source: PrefetchSource<T>, depth: number, empty = false) {
    this.#source = source;
    this.#depth = depth;
    this.#items = [];
    this.#arrival = new Availability();
    this.#exhausted = empty;
    this.#producing = undefined;
    this.#failed = false;
    this.#failure = undefined;
    this.#closing = undefined;
    this.#produce();
  }

  /** Whether everything has been taken. */
  get ended(): boolean {
    return this.#exhausted && this.#items.length === 0;
  }

  /**
   * The next item; undefined when none is there yet, or at the end. @throws what the producer rejected with
   */
  take(): T | undefined {
    const item = this.#items.shift();
    if (item === undefined && this.#failed) throw this.#failure;
    this.#produce();
    return item;
  }

  /** Settles when `take` has an item or a failure to give, or the end is reached. */
  isAvailable(): Promise<void> {
    if (this.#items.length > 0 || this.#failed || this.#exhausted) return Promise.resolve();
    return this.#arrival.wait();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#producing;
    await this.#source.close();
  }

  #produce(): void {
    if (this.#producing === undefined && this.#wanted()) this.#producing = this.#produceOn();
  }

  #wanted(): boolean {
    return (
      !this.#exhausted && !this.#failed && this.#closing === undefined && this.#items.length < this.#depth
    );
  }

  async #produceOn(): Promise<void> {
    try {
      while (this.#wanted()) {
        const { item, last } = await this.#source.next();
        if (item !== undefined) this.#items.push(item);
        this.#exhausted = last;
        this.#arrival.release();
      }
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
    }
    this.#producing = undefined;
    this.#arrival.release();
  }
}
