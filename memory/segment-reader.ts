import { invariant } from '../core/internal.js';
import type { ChannelHandle } from './channel-handle.js';
import { Doorbell } from './doorbell.js';
import { COMMITTED_MASK, SEALED, SEGMENT_HEADER_BYTES, STATE_WORD } from './segment-layout.js';
import type { Segment, SegmentPool } from './segment-pool.js';
import { RingConsumer } from './spsc-ring.js';

/**
 * Walks the segments of one channel on the consumer's thread, and gives each back when it is sealed and
 * read to its end.
 *
 * Invariants: base + 8 <= position <= end <= base + committed bytes of `segment`; it is given back once.
 *
 * hot path: once per segment
 */
export class SegmentReader {
  segment: Segment | undefined = undefined;
  /** Where the next element begins, in the bytes of the segment's chunk. */
  position = 0;
  /** End of what is known to be readable. */
  end = 0;
  readonly #pool: SegmentPool;
  readonly #ring: RingConsumer;
  readonly #producer: Doorbell;
  #sealed = false;

  constructor(handle: ChannelHandle, pool: SegmentPool) {
    this.#pool = pool;
    this.#ring = new RingConsumer(new Int32Array(handle.control), handle.controlBase, handle.capacity);
    this.#producer = new Doorbell(handle.producerDoorbell);
  }

  /** Segments that wait to be read, the present one included. */
  get waiting(): number {
    return this.#ring.waiting;
  }

  /** Makes `position` < `end`, moving on to the next segment if need be. False: nothing can be read now. */
  advance(): boolean {
    for (;;) {
      if (this.position < this.end) return true;
      const segment = this.segment;
      if (segment !== undefined && !this.#sealed) {
        this.#look(segment);
        if (this.position < this.end) return true;
        if (!this.#sealed) return false;
      }
      if (segment !== undefined) this.#giveBack();
      const id = this.#ring.peek();
      if (id < 0) return false;
      const next = this.#pool.segment(id);
      this.segment = next;
      this.position = next.base + SEGMENT_HEADER_BYTES;
      this.end = this.position;
      this.#look(next);
    }
  }

  #look(segment: Segment): void {
    const state = Atomics.load(segment.words, (segment.base >>> 2) + STATE_WORD);
    const end = segment.base + (state & COMMITTED_MASK);
    invariant(end >= this.end && end <= segment.end, 'committed bytes only grow, within the segment', {
      id: segment.id,
      end,
      before: this.end,
    });
    this.end = end;
    this.#sealed = (state & SEALED) !== 0;
  }

  #giveBack(): void {
    this.segment = undefined;
    this.#sealed = false;
    this.position = 0;
    this.end = 0;
    this.#ring.release();
    this.#producer.ring();
  }
}
