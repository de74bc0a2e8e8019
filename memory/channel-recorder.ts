import { invariant } from '../core/internal.js';
import type { AnnouncementReader, ChannelPlace } from './checkpoint-announcement.js';
import type { RingSegments } from './ring-segments.js';
import { COMMITTED_MASK, SEALED, SEGMENT_HEADER_BYTES, STATE_WORD } from './segment-layout.js';
import type { SegmentFollower } from './segment-reader.js';

/** Takes a copy of bytes that lay in the channel before the barrier, in their order. */
export type TakePiece = (piece: Uint8Array) => void;

/**
 * Copies what lies in a channel before the barrier of one checkpoint, ahead of its reader, on the consumer's
 * thread. Where the barrier is, its announcement says, so nothing is decoded.
 *
 * Invariants:
 * - every byte between the start and the barrier is copied once, in order, and none behind it;
 * - no byte is read before it was copied (it follows the reader);
 * - after {@link isDone} nothing is copied.
 */
export class ChannelRecorder implements SegmentFollower {
  readonly #ring: RingSegments;
  readonly #announcements: AnnouncementReader;
  readonly #checkpointId: number;
  readonly #take: TakePiece;
  #position: number;
  #offset: number;
  #done = false;

  constructor(
    ring: RingSegments,
    announcements: AnnouncementReader,
    checkpointId: number,
    start: ChannelPlace,
    take: TakePiece,
  ) {
    this.#ring = ring;
    this.#announcements = announcements;
    this.#checkpointId = checkpointId;
    this.#take = take;
    this.#position = start.ringPosition;
    this.#offset = start.offset;
  }

  /** Everything before the barrier has been copied. */
  get isDone(): boolean {
    return this.#done;
  }

  catchUp(): boolean {
    while (!this.#done) {
      const segment = this.#ring.at(this.#position);
      const state =
        segment === undefined ? 0 : Atomics.load(segment.words, (segment.base >>> 2) + STATE_WORD);
      // Looked at after the bytes: who sees a barrier's bytes sees what announced it.
      if (!this.#announcements.refresh()) return false;
      const barrier = this.#barrier();
      const isHere = barrier?.ringPosition === this.#position;
      const committed = state & COMMITTED_MASK;
      const to = isHere ? Math.min(committed, barrier.offset) : committed;
      if (segment !== undefined && to > this.#offset) {
        this.#take(segment.bytes.slice(segment.base + this.#offset, segment.base + to));
        this.#offset = to;
      }
      if (isHere && this.#offset >= barrier.offset) this.#done = true;
      else if ((state & SEALED) === 0) return true;
      else {
        invariant(!isHere, 'a barrier lies in the segment that was announced', {
          checkpointId: this.#checkpointId,
          committed,
        });
        this.#position = (this.#position + 1) >>> 0;
        this.#offset = SEGMENT_HEADER_BYTES;
      }
    }
    return true;
  }

  /** Where to stop: at the barrier, or at the end of a channel that brings none. */
  #barrier(): ChannelPlace | undefined {
    const { latest, end } = this.#announcements;
    return latest?.checkpointId === this.#checkpointId ? latest : end;
  }
}
