import { invariant } from '../core/internal.js';
import type { ChannelHandle } from './channel-handle.js';
import { Doorbell } from './doorbell.js';
import type { BufferUsage, ChannelSegments, LocalBufferPool } from './local-buffer-pool.js';
import {
  COMMITTED_MASK,
  FIRST_WORD,
  SEALED,
  SEGMENT_HEADER_BYTES,
  SPAN_HEAD_BYTES,
  STATE_WORD,
  Tag,
} from './segment-layout.js';
import { heapSegment, type Segment } from './segment-pool.js';

/**
 * Fills the segments of one channel and publishes them. When no shared segment is free it goes on in
 * segments of the same form on the heap (the overflow), which are copied into shared ones as these come back.
 *
 * Invariants:
 * - the overflow is empty, or `segment` is its last and everything before it has been published or lies in
 *   the overflow too: order is kept;
 * - a shared segment is in the ring from its first commit on, and is sealed before the next one is opened;
 * - bytes below the committed ones never change.
 */
export class SegmentWriter {
  /** The open segment; a sealed heap segment of no room before the first one is opened. */
  segment: Segment;
  /** Where the next element begins, in `segment.bytes`. */
  position: number;
  readonly #buffers: LocalBufferPool;
  readonly #channel: ChannelSegments;
  readonly #consumer: Doorbell;
  readonly #overflow: Segment[] = [];
  /** Fewest bytes that count as room. */
  readonly #leastRoom: number;
  /** Position up to which the consumer may read the open segment. */
  #committed: number;
  /** The open segment is in the ring. */
  #published = false;
  /** Bytes handed to the consumer so far, headers included. */
  bytesCommitted = 0;
  /** Segments handed to the consumer so far. */
  segmentsPublished = 0;

  constructor(handle: ChannelHandle, buffers: LocalBufferPool) {
    this.#buffers = buffers;
    this.#channel = buffers.segmentsOf(handle);
    this.#consumer = new Doorbell(handle.consumerDoorbell);
    this.#leastRoom = Math.min(128, buffers.pool.segmentBytes >>> 2);
    this.segment = NO_SEGMENT;
    this.position = 0;
    this.#committed = 0;
  }

  /** Position in the ring of the open segment, or of the next one where none is open. */
  get ringPosition(): number {
    const ahead = this.#overflow.length > 0 ? this.#overflow.length - 1 : this.#published ? -1 : 0;
    return (this.#channel.ring.tail + ahead) >>> 0;
  }

  get segmentBytes(): number {
    return this.#buffers.pool.segmentBytes;
  }

  /** There is room in the open segment itself. */
  get hasRoomAtHand(): boolean {
    return this.segment.end - this.position >= this.#leastRoom && this.#overflow.length === 0;
  }

  get buffers(): BufferUsage {
    return this.#buffers;
  }

  get hasUncommitted(): boolean {
    return this.position !== this.#committed || this.#overflow.length > 0;
  }

  /**
   * False: every segment that this channel may use is full or with the consumer. What was written so far is
   * then visible to the consumer, so that segments will come back.
   */
  hasRoom(): boolean {
    // What was given back before this may never ring again.
    if (this.#overflow.length > 0 && !this.drainOverflow()) return false;
    if (this.hasRoomAtHand) return true;
    if (this.#buffers.canTake(this.#channel)) return true;
    this.#seal();
    return false;
  }

  /** Makes at least `bytes` contiguous bytes writable at `position`, in a fresh segment if need be. */
  ensure(bytes: number): void {
    if (this.segment.end - this.position >= bytes) return;
    this.#seal();
    this.#open(0);
    invariant(this.segment.end - this.position >= bytes, 'an element fits into an empty segment', { bytes });
  }

  /** Appends bytes[from, to) in one piece if they fit, else in the next segment, else across segments. */
  append(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    const room = this.segment.end - this.position;
    const payload = this.#buffers.pool.segmentBytes - SEGMENT_HEADER_BYTES;
    // A small element rather leaves the rest of a segment empty than is put together by its reader.
    if (length <= room || (length <= payload && (length <= payload >>> 3 || room <= SPAN_HEAD_BYTES))) {
      this.ensure(length);
      this.segment.bytes.set(bytes.subarray(from, to), this.position);
      this.position += length;
    } else this.#appendSpanning(bytes, from, to);
  }

  #appendSpanning(bytes: Uint8Array, from: number, to: number): void {
    this.ensure(SPAN_HEAD_BYTES + 1);
    this.segment.bytes[this.position] = Tag.SPANNING;
    this.segment.view.setUint32(this.position + 1, to - from, true);
    this.position += SPAN_HEAD_BYTES;
    let next = from;
    for (;;) {
      const piece = Math.min(to - next, this.segment.end - this.position);
      this.segment.bytes.set(bytes.subarray(next, next + piece), this.position);
      this.position += piece;
      next += piece;
      if (next === to) return;
      this.#seal();
      this.#open(to - next);
    }
  }

  /** Shows the consumer everything written so far, as far as there are segments for it. */
  commit(): void {
    if (this.#overflow.length > 0 && !this.drainOverflow()) return;
    if (this.position === this.#committed) return;
    this.#publish(this.position - this.segment.base);
  }

  /** There is something to look at, besides what is committed. */
  ringConsumer(): void {
    this.#consumer.ring();
  }

  /** Moves the overflow into shared segments. False: some of it had to stay. */
  drainOverflow(): boolean {
    if (this.#overflow.length === 0) return true;
    let moved = 0;
    for (const from of this.#overflow) {
      const id = this.#buffers.take(this.#channel);
      if (id < 0) break;
      moved++;
      const to = this.#buffers.pool.segment(id);
      if (from === this.segment) this.#moveOpen(to);
      else this.#moveSealed(from, to);
    }
    this.#overflow.splice(0, moved);
    if (moved > 0) this.#consumer.ring();
    return this.#overflow.length === 0;
  }

  #moveSealed(from: Segment, to: Segment): void {
    const state = from.words[STATE_WORD] ?? 0;
    const length = state & COMMITTED_MASK;
    to.bytes.set(from.bytes.subarray(0, length), to.base);
    Atomics.store(to.words, (to.base >>> 2) + STATE_WORD, state);
    this.bytesCommitted += length;
    this.segmentsPublished++;
    this.#channel.ring.publish(to.id);
  }

  #moveOpen(to: Segment): void {
    const length = this.position;
    to.bytes.set(this.segment.bytes.subarray(0, length), to.base);
    this.#channel.open = to.id;
    this.segment = to;
    this.position = to.base + length;
    this.#committed = to.base + SEGMENT_HEADER_BYTES;
    this.#published = false;
  }

  /** Opens the next segment; its first `continued` bytes belong to an element of the one before. */
  #open(continued: number): void {
    const id = this.#overflow.length === 0 || this.drainOverflow() ? this.#buffers.take(this.#channel) : -1;
    const segment = id < 0 ? heapSegment(this.#buffers.pool.segmentBytes) : this.#buffers.pool.segment(id);
    if (id < 0) this.#overflow.push(segment);
    else this.#channel.open = id;
    const first =
      SEGMENT_HEADER_BYTES + Math.min(continued, segment.end - segment.base - SEGMENT_HEADER_BYTES);
    segment.words[(segment.base >>> 2) + STATE_WORD] = SEGMENT_HEADER_BYTES;
    segment.words[(segment.base >>> 2) + FIRST_WORD] = first;
    this.segment = segment;
    this.position = segment.base + SEGMENT_HEADER_BYTES;
    this.#committed = this.position;
    this.#published = false;
  }

  /** Nothing more will be written into the open segment. */
  #seal(): void {
    const segment = this.segment;
    if (segment === NO_SEGMENT) return;
    if (segment.id >= 0) this.#publish((this.position - segment.base) | SEALED);
    else segment.words[STATE_WORD] = (this.position - segment.base) | SEALED;
    this.segment = NO_SEGMENT;
    this.position = 0;
    this.#committed = 0;
    this.#published = false;
  }

  #publish(state: number): void {
    const segment = this.segment;
    Atomics.store(segment.words, (segment.base >>> 2) + STATE_WORD, state);
    this.bytesCommitted += this.position - this.#committed;
    this.#committed = this.position;
    if (!this.#published) {
      this.#published = true;
      this.#channel.open = -1;
      this.segmentsPublished++;
      this.#channel.ring.publish(segment.id);
    }
    this.#consumer.ring();
  }
}

/** Stands for "none is open": it has no room. */
const NO_SEGMENT: Segment = {
  id: -1,
  bytes: new Uint8Array(0),
  view: new DataView(new ArrayBuffer(0)),
  words: new Int32Array(0),
  base: 0,
  end: 0,
};
