import type { ChannelHandle } from './channel-handle.js';
import { Doorbell } from './doorbell.js';
import type { Segment, SegmentPool } from './segment-pool.js';
import type { SegmentQueue } from './segment-queue.js';
import { RingConsumer } from './spsc-ring.js';

/** The segments in the ring of a channel, on the consumer's thread. hot path: once per segment */
export class RingSegments implements SegmentQueue {
  readonly #pool: SegmentPool;
  readonly #ring: RingConsumer;
  readonly #producer: Doorbell;

  constructor(handle: ChannelHandle, pool: SegmentPool) {
    this.#pool = pool;
    this.#ring = new RingConsumer(new Int32Array(handle.control), handle.controlBase, handle.capacity);
    this.#producer = new Doorbell(handle.producerDoorbell);
  }

  /** Position in the ring of the segment that {@link peek} shows, or will show next. */
  get head(): number {
    return this.#ring.head;
  }

  /** Segments in the ring that have not been read to their end, as far as can be seen now. */
  get waiting(): number {
    return this.#ring.waiting;
  }

  peek(): Segment | undefined {
    const id = this.#ring.peek();
    return id < 0 ? undefined : this.#pool.segment(id);
  }

  /** The segment at a position at or behind the head; undefined: it has not been published. */
  at(position: number): Segment | undefined {
    const id = this.#ring.idAt(position);
    return id < 0 ? undefined : this.#pool.segment(id);
  }

  release(): void {
    this.#ring.release();
    this.#producer.ring();
  }
}
