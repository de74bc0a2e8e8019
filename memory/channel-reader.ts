import type { RecordCodec } from '../core/internal.js';
import type { ChannelHandle } from './channel-handle.js';
import { ChannelRecorder, type TakePiece } from './channel-recorder.js';
import { AnnouncementReader, type CheckpointAnnouncement } from './checkpoint-announcement.js';
import { ElementBytes } from './element-bytes.js';
import { ElementReader } from './element-reader.js';
import { RingSegments } from './ring-segments.js';
import { SEGMENT_HEADER_BYTES } from './segment-layout.js';
import type { SegmentPool } from './segment-pool.js';
import { SegmentReader } from './segment-reader.js';

/**
 * The consumer's end of a channel, on the consumer's thread: its elements, what its producer announces, and
 * the recording of what is under way in it.
 *
 * Invariant: one recording at a time, of the checkpoint that was begun last.
 */
export class ChannelReader<T> extends ElementReader<T> {
  readonly #ring: RingSegments;
  readonly #segments: SegmentReader;
  readonly #announcements: AnnouncementReader;
  readonly #codec: RecordCodec<T>;
  /** Segments that the channel can hold. */
  readonly capacity: number;
  #told: CheckpointAnnouncement | undefined;
  #recorder: ChannelRecorder | undefined;

  constructor(handle: ChannelHandle, pool: SegmentPool, codec: RecordCodec<T>) {
    const ring = new RingSegments(handle, pool);
    const segments = new SegmentReader(ring);
    super(segments, codec);
    this.capacity = handle.capacity;
    this.#ring = ring;
    this.#segments = segments;
    this.#announcements = new AnnouncementReader(handle);
    this.#codec = codec;
  }

  /** Bytes of all elements so far; those of a block or frame count with its first. */
  get bytesRead(): number {
    const { bytesIn, end } = this.#segments;
    return bytesIn - (end - this.unreadFrom);
  }

  /** Bytes taken up since the start. */
  get bytesIn(): number {
    return this.#segments.bytesIn;
  }

  /** Segments read to their end since the start. */
  get buffersIn(): number {
    return this.#segments.segmentsRead;
  }

  /** Segments in the channel that have not been read to their end. */
  get waiting(): number {
    return this.#ring.waiting;
  }

  /** A checkpoint whose barrier is on its way, once; it may have arrived already. */
  pollAnnouncement(): CheckpointAnnouncement | undefined {
    this.#announcements.refresh();
    const { latest } = this.#announcements;
    if (latest === this.#told || latest?.checkpointId === this.#told?.checkpointId) return undefined;
    this.#told = latest;
    return latest;
  }

  /** The producer has ended: nothing will be written behind what is under way. */
  get isEnding(): boolean {
    return this.#announcements.end !== undefined;
  }

  /**
   * Hands copies of everything to `take` that lies between what {@link next} returned last and the barrier of the
   * checkpoint (or the end of the channel): at once what is in the channel, the rest before it is read and
   * at each {@link record}.
   *
   * The pieces can be read as {@link RecordedSegments}. `addAhead` adds what was returned and not handed on; the
   * barrier itself may be the last of that.
   */
  beginRecording(checkpointId: number, take: TakePiece, addAhead?: (ahead: ElementBytes<T>) => void): void {
    if (addAhead !== undefined) {
      const ahead = new ElementBytes(this.#codec);
      addAhead(ahead);
      if (ahead.bytes !== undefined) take(ahead.bytes);
    }
    if (this.checkpointId === checkpointId) return;
    const { segment } = this.#segments;
    const begun = this.begun();
    if (begun !== undefined) take(begun);
    const offset = segment === undefined ? SEGMENT_HEADER_BYTES : this.unreadFrom - segment.base;
    const start = { ringPosition: this.#ring.head, offset };
    this.#recorder = new ChannelRecorder(this.#ring, this.#announcements, checkpointId, start, take);
    this.#segments.follower = this.#recorder;
    this.#recorder.catchUp();
  }

  /** Records what has come meanwhile. True: everything before the barrier is recorded, and the recording over. */
  record(): boolean {
    const recorder = this.#recorder;
    if (recorder === undefined) return true;
    recorder.catchUp();
    if (!recorder.isDone) return false;
    this.endRecording();
    return true;
  }

  /** Nothing more is recorded. Idempotent. */
  endRecording(): void {
    this.#recorder = undefined;
    this.#segments.follower = undefined;
  }
}
