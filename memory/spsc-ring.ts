import { invariant } from '../core/internal.js';
import { RingWord } from './ring-layout.js';

/**
 * The two ends of a ring of segment ids (ring-layout.ts). Positions are unsigned 32-bit and wrap.
 *
 * Invariants:
 * - reclaimed <= head <= tail <= reclaimed + capacity, as distances modulo 2^32;
 * - a slot is written only while it is in [tail, reclaimed + capacity), so the consumer never sees it change;
 * - an id is with the consumer from `publish` until `head` has passed it, else with the producer;
 * - what the producer wrote into a segment before `publish` is seen by who reads it after `peek`, and what
 *   the consumer read before `release` is read before the segment is written again.
 *
 * hot path: once per segment
 */
export class RingProducer {
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #mask: number;
  #tail: number;
  #reclaimed: number;
  /** `head` as last seen. */
  #head: number;

  /** `base`: first word of the control block. */
  constructor(words: Int32Array, base: number, capacity: number) {
    invariant(capacity > 0 && (capacity & (capacity - 1)) === 0, 'a ring has a power of two of slots', {
      capacity,
    });
    this.#words = words;
    this.#base = base;
    this.#mask = capacity - 1;
    this.#tail = Atomics.load(words, base + RingWord.TAIL) >>> 0;
    this.#head = Atomics.load(words, base + RingWord.HEAD) >>> 0;
    this.#reclaimed = this.#head;
  }

  /** Position that the next published segment gets. */
  get tail(): number {
    return this.#tail;
  }

  /** Ids in the ring: not yet read, or read and not yet taken back. */
  get inRing(): number {
    return (this.#tail - this.#reclaimed) >>> 0;
  }

  publish(id: number): void {
    invariant(this.inRing <= this.#mask, 'a ring has a slot for every segment of its partition', {
      inRing: this.inRing,
      capacity: this.#mask + 1,
    });
    this.#words[this.#base + RingWord.SLOTS + (this.#tail & this.#mask)] = id;
    this.#tail = (this.#tail + 1) >>> 0;
    Atomics.store(this.#words, this.#base + RingWord.TAIL, this.#tail | 0);
  }

  /** Takes back the id of a segment that has been read; -1: none has. */
  reclaim(): number {
    if (this.#reclaimed === this.#head) {
      this.#head = Atomics.load(this.#words, this.#base + RingWord.HEAD) >>> 0;
      if (this.#reclaimed === this.#head) return -1;
      invariant(
        (this.#head - this.#reclaimed) >>> 0 <= this.inRing,
        'the consumer never passes the producer',
        { head: this.#head, tail: this.#tail, reclaimed: this.#reclaimed },
      );
    }
    const id = this.#words[this.#base + RingWord.SLOTS + (this.#reclaimed & this.#mask)] ?? -1;
    this.#reclaimed = (this.#reclaimed + 1) >>> 0;
    return id;
  }

  /** Ids in the ring, oldest first; for audits. */
  ids(): number[] {
    const ids: number[] = [];
    for (let position = this.#reclaimed; position !== this.#tail; position = (position + 1) >>> 0) {
      ids.push(this.#words[this.#base + RingWord.SLOTS + (position & this.#mask)] ?? -1);
    }
    return ids;
  }
}

export class RingConsumer {
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #mask: number;
  #head: number;
  /** `tail` as last seen. */
  #tail: number;

  constructor(words: Int32Array, base: number, capacity: number) {
    this.#words = words;
    this.#base = base;
    this.#mask = capacity - 1;
    this.#head = Atomics.load(words, base + RingWord.HEAD) >>> 0;
    this.#tail = this.#head;
  }

  /** Position of the segment that {@link peek} shows. */
  get head(): number {
    return this.#head;
  }

  /** Segments published and not yet read to the end, as far as can be seen now. */
  get waiting(): number {
    return ((Atomics.load(this.#words, this.#base + RingWord.TAIL) >>> 0) - this.#head) >>> 0;
  }

  /** Id of the oldest segment that is not released; -1: there is none. */
  peek(): number {
    if (this.#head === this.#tail) {
      this.#tail = Atomics.load(this.#words, this.#base + RingWord.TAIL) >>> 0;
      if (this.#head === this.#tail) return -1;
    }
    return this.#words[this.#base + RingWord.SLOTS + (this.#head & this.#mask)] ?? -1;
  }

  /** Id at a position that was not released; -1: nothing has been published there. */
  idAt(position: number): number {
    const ahead = (position - this.#head) >>> 0;
    if (ahead >= (this.#tail - this.#head) >>> 0) {
      this.#tail = Atomics.load(this.#words, this.#base + RingWord.TAIL) >>> 0;
      if (ahead >= (this.#tail - this.#head) >>> 0) return -1;
    }
    return this.#words[this.#base + RingWord.SLOTS + (position & this.#mask)] ?? -1;
  }

  /** Gives the oldest segment back. After {@link peek} has shown it. */
  release(): void {
    invariant(this.#head !== this.#tail, 'a segment is released after it was seen', { head: this.#head });
    this.#head = (this.#head + 1) >>> 0;
    Atomics.store(this.#words, this.#base + RingWord.HEAD, this.#head | 0);
  }
}
