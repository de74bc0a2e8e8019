import {
  COMMITTED_MASK,
  RECORD_HEAD_BYTES,
  SEALED,
  SEGMENT_HEADER_BYTES,
  STATE_WORD,
} from './segment-layout.js';
import { heapSegment, type Segment } from './segment-pool.js';

/** Where a reader takes its segments from, in order. */
export interface SegmentQueue {
  /** The oldest segment that was not released; undefined: there is none now. */
  peek(): Segment | undefined;
  /** The segment that {@link peek} shows has been read to its end. */
  release(): void;
}

/**
 * Bytes that a checkpoint has recorded of a channel, as the segments of a channel that nobody writes any more.
 *
 * Invariants: each piece is the bytes of whole segments, or stands before such: an element that begins in a
 * piece and does not span ends in it; a piece is let go when it has been read.
 */
export class RecordedSegments implements SegmentQueue {
  readonly #pieces: Uint8Array[];
  #next = 0;
  #segment: Segment | undefined;

  /** `pieces` are not copied, and are the queue's from now on. */
  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = [...pieces];
  }

  peek(): Segment | undefined {
    const piece = this.#pieces[this.#next];
    if (this.#segment === undefined && piece !== undefined) this.#segment = segmentOf(piece);
    return this.#segment;
  }

  release(): void {
    this.#segment = undefined;
    this.#pieces[this.#next++] = NOTHING;
  }
}

const NOTHING = new Uint8Array(0);

function segmentOf(piece: Uint8Array): Segment {
  const length = SEGMENT_HEADER_BYTES + piece.length;
  // An element that is cut off is looked at up to the end of its head before that is seen.
  const segment = heapSegment((length + RECORD_HEAD_BYTES + 3) & ~3);
  segment.bytes.set(piece, SEGMENT_HEADER_BYTES);
  segment.words[STATE_WORD] = (length & COMMITTED_MASK) | SEALED;
  return segment;
}
