import { MillraceError, type Prng } from '../../core/internal.js';
import { MemoryObjectStore, type ObjectStore } from '../../storage/index.js';

/** Probabilities of a request's faults. */
export interface BucketFaultRates {
  /** The request never arrives. */
  readonly lost: number;
  /** It takes effect, its answer is lost. */
  readonly answerLost: number;
  /** An error is reported; a write takes effect when the world calls `landLate`. */
  readonly late: number;
  /** It takes up to 8 turns of the microtask queue longer. */
  readonly slow: number;
}

export const NO_BUCKET_FAULTS: BucketFaultRates = { lost: 0, answerLost: 0, late: 0, slow: 0 };

/** A remote object store: outlives processes and machines, and may be reached late. */
export class SimulatedBucket {
  readonly objects = new MemoryObjectStore();
  readonly #late: (() => Promise<unknown>)[] = [];

  happenLate(effect: () => Promise<unknown>): void {
    this.#late.push(effect);
  }

  /** Every write that is still on its way arrives. */
  async landLate(): Promise<void> {
    for (const effect of this.#late.splice(0)) await effect();
  }
}

/**
 * A {@link SimulatedBucket} as one simulated process reaches it.
 *
 * Fair: a request may be lost, be carried out without an answer, or be carried out late; a write is whole or
 * not there, and of several that create a key one wins. Not fair, and never happens: a list that misses what
 * was written before it, an object that changes.
 *
 * Invariants: promises settle by microtasks only; after `kill` nothing takes effect and nothing settles.
 */
export class SimulatedObjectStore implements ObjectStore {
  readonly mayLandLate = true;
  readonly #bucket: SimulatedBucket;
  readonly #prng: Prng;
  rates: BucketFaultRates;
  /** While this is set, requests wait for it: the process is paused. */
  gate: Promise<void> | undefined;
  #killed = false;

  constructor(bucket: SimulatedBucket, prng: Prng, rates: BucketFaultRates = NO_BUCKET_FAULTS) {
    this.#bucket = bucket;
    this.#prng = prng;
    this.rates = rates;
  }

  kill(): void {
    this.#killed = true;
  }

  describe(key: string): string {
    return `bucket:${key}`;
  }

  async *get(key: string, range?: { offset: number; length: number }): AsyncIterable<Uint8Array> {
    await this.#request(key, async () => undefined);
    yield* this.#bucket.objects.get(key, range);
  }

  async put(key: string, content: AsyncIterable<Uint8Array>): Promise<number> {
    // The body is sent before anything is stored.
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk.slice());
    return this.#write(key, () => this.#bucket.objects.put(key, arriving(chunks)));
  }

  async createIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const body = bytes.slice();
    return this.#write(key, () => this.#bucket.objects.createIfAbsent(key, body));
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#request(prefix, () => this.#bucket.objects.list(prefix));
  }

  head(key: string): Promise<{ sizeBytes: number } | undefined> {
    return this.#request(key, () => this.#bucket.objects.head(key));
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#request(keys.join(' '), () => this.#bucket.objects.delete(keys));
  }

  sweepUnfinished(): Promise<void> {
    return this.#request('', async () => undefined);
  }

  async #write<T>(key: string, effect: () => Promise<T>): Promise<T> {
    const isLate = this.#prng.chance(this.rates.late);
    if (!isLate) return this.#request(key, effect);
    await this.#wait();
    this.#bucket.happenLate(effect);
    throw timedOut(key);
  }

  async #request<T>(what: string, effect: () => Promise<T>): Promise<T> {
    const { lost, answerLost } = this.rates;
    const draw = this.#prng.float();
    await this.#wait();
    if (draw < lost) throw timedOut(what);
    const outcome = await effect();
    if (draw < lost + answerLost) throw timedOut(what);
    await this.#wait();
    return outcome;
  }

  async #wait(): Promise<void> {
    const turns = this.#prng.chance(this.rates.slow) ? this.#prng.between(1, 8) : 1;
    for (let turn = 0; turn < turns; turn++) await undefined;
    while (this.gate !== undefined) await this.gate;
    if (this.#killed) await new Promise<never>(() => undefined);
  }
}

async function* arriving(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

function timedOut(what: string): MillraceError {
  return new MillraceError('MR3001', `The request for ${what} timed out`, { why: 'simulated' });
}
