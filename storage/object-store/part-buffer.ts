import { invariant } from '../../core/internal.js';

/** What is taken first; most files are smaller. */
const FIRST_BYTES = 128 * 1024;

/**
 * Gathers bytes to a part. Grows by doubling, up to the limit of the part.
 *
 * Invariant: what `take` hands out is the caller's own, and the buffer is empty then.
 */
export class PartBuffer {
  #bytes = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies as much of the bytes as the part has room for; returns how much. */
  add(bytes: Uint8Array, limit: number): number {
    invariant(this.#length < limit, 'a full part is taken', { length: this.#length, limit });
    const count = Math.min(bytes.length, limit - this.#length);
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(limit, Math.max(FIRST_BYTES, this.#bytes.length * 2, needed)));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes.subarray(0, count), this.#length);
    this.#length = needed;
    return count;
  }

  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    return bytes;
  }
}
