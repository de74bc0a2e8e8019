import { invariant } from '../core/internal.js';
import { COMMITTED_MASK, SEALED, SEGMENT_HEADER_BYTES, STATE_WORD } from './segment-layout.js';
import type { Segment } from './segment-pool.js';
import type { SegmentQueue } from './segment-queue.js';

/** Who must have seen bytes before they are read. */
export interface SegmentFollower {
  /** Takes what can be read by now. False: it cannot be told now how much that is, so nothing new is read. */
  catchUp(): boolean;
}

/**
 * Walks the segments of one channel on the consumer's thread, and gives each back when it is sealed and
 * read to its end.
 *
 * Invariants: base + 8 <= position <= end <= base + committed bytes of `segment`; it is given back once; what
 * lies before `end` its follower has taken, from the moment on that it has one.
 *
 * hot path: once per segment
 */
export class SegmentReader {
  segment: Segment | undefined = undefined;
  /** Where the next element begins, in the bytes of the segment's chunk. */
  position = 0;
  /** End of what is known to be readable. */
  end = 0;
  follower: SegmentFollower | undefined = undefined;
  /** Bytes that became readable since the start, headers aside. */
  bytesIn = 0;
  /** Segments that were read to their end. */
  segmentsRead = 0;
  readonly #queue: SegmentQueue;
  #sealed = false;

  constructor(queue: SegmentQueue) {
    this.#queue = queue;
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
      const next = this.#queue.peek();
      if (next === undefined) return false;
      this.segment = next;
      this.position = next.base + SEGMENT_HEADER_BYTES;
      this.end = this.position;
      this.#look(next);
    }
  }

  #look(segment: Segment): void {
    const state = Atomics.load(segment.words, (segment.base >>> 2) + STATE_WORD);
    if (this.follower?.catchUp() === false) return;
    const end = segment.base + (state & COMMITTED_MASK);
    invariant(end >= this.end && end <= segment.end, 'committed bytes only grow, within the segment', {
      id: segment.id,
      end,
      before: this.end,
    });
    this.bytesIn += end - this.end;
    this.end = end;
    this.#sealed = (state & SEALED) !== 0;
  }

  #giveBack(): void {
    this.segmentsRead++;
    this.segment = undefined;
    this.#sealed = false;
    this.position = 0;
    this.end = 0;
    this.#queue.release();
  }
}
