import { invariant } from '../../core/internal.js';

/** What is taken first; most files are smaller. */
const FIRST_BYTES = 128 * 1024;

/**
 * Gathers bytes to parts. The first grows by doubling, up to its limit; those that follow have their full length at
 * once, in memory that was given back where there is some.
 *
 * Invariants: what `take` hands out is the caller's own until it is given back, and the buffer is empty then; at most
 * `sparesMax` buffers are kept.
 */
export class PartBuffer {
  readonly #sparesMax: number;
  readonly #spares: Uint8Array<ArrayBuffer>[] = [];
  #bytes = new Uint8Array(0);
  #length = 0;
  #wasFull = false;

  constructor(sparesMax: number) {
    this.#sparesMax = sparesMax;
  }

  get length(): number {
    return this.#length;
  }

  /** Copies as much of the bytes as the part has room for; returns how much. */
  add(bytes: Uint8Array, limit: number): number {
    invariant(this.#length < limit, 'a full part is taken', { length: this.#length, limit });
    const count = Math.min(bytes.length, limit - this.#length);
    const needed = this.#length + count;
    if (needed > this.#bytes.length) this.#grow(needed, limit);
    this.#bytes.set(bytes.subarray(0, count), this.#length);
    this.#length = needed;
    this.#wasFull ||= needed === limit;
    return count;
  }

  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    return bytes;
  }

  /** Nobody looks at a part any more. */
  giveBack(part: Uint8Array<ArrayBuffer>): void {
    if (this.#spares.length < this.#sparesMax) this.#spares.push(new Uint8Array(part.buffer));
  }

  #grow(needed: number, limit: number): void {
    const spare = this.#wasFull ? this.#spares.pop() : undefined;
    if (spare !== undefined && spare.length >= limit && this.#length === 0) {
      this.#bytes = spare;
      return;
    }
    const length = this.#wasFull ? limit : Math.max(FIRST_BYTES, this.#bytes.length * 2, needed);
    const grown = new Uint8Array(Math.min(limit, length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
