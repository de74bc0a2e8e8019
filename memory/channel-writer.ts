import { ByteWriter, ElementKind, NO_TIMESTAMP, type RecordCodec } from '../core/internal.js';
import type { ChannelHandle } from './channel-handle.js';
import { CheckpointAnnouncer } from './checkpoint-announcement.js';
import { type FrameBuilder, isFrameCodec } from './frame-codec.js';
import type { LocalBufferPool } from './local-buffer-pool.js';
import {
  BARRIER_BYTES,
  FRAME_HEAD_BYTES,
  RECORD_HEAD_BYTES,
  Tag,
  WATERMARK_BYTES,
} from './segment-layout.js';
import { SegmentWriter } from './segment-writer.js';

/** Records of one frame: enough that what they share is paid for, few enough that it comes soon. */
const FRAME_RECORDS_MAX = 150;

/**
 * The producer's end of a channel, on the producer's thread. Nothing here blocks, and nothing fails for
 * lack of room: whoever writes asks {@link hasRoom} before it takes its next input, and what one input
 * makes beyond that waits on the heap.
 *
 * Elements become visible to the consumer when their segment is full or {@link flush} is called.
 *
 * hot path: a record costs its encoding and one comparison; the rest is per segment.
 */
export class ChannelWriter<T> {
  readonly #codec: RecordCodec<T>;
  readonly #segments: SegmentWriter;
  readonly #out = new ByteWriter(0);
  readonly #frame: FrameBuilder<T> | undefined;
  /** Timestamps of the records in the frame. */
  readonly #frameTimes: Float64Array;
  readonly #frameBytesMax: number;
  readonly #frameOut = new ByteWriter();
  readonly #announcer: CheckpointAnnouncer;

  constructor(handle: ChannelHandle, buffers: LocalBufferPool, codec: RecordCodec<T>) {
    this.#codec = codec;
    this.#segments = new SegmentWriter(handle, buffers);
    this.#announcer = new CheckpointAnnouncer(handle);
    this.#frame = isFrameCodec(codec) ? codec.newFrame() : undefined;
    this.#frameTimes = new Float64Array(this.#frame === undefined ? 0 : FRAME_RECORDS_MAX);
    this.#frameBytesMax = buffers.pool.segmentBytes >>> 1;
  }

  /** False: take no new input; what is written nevertheless waits on the heap. */
  hasRoom(): boolean {
    return this.#segments.hasRoom();
  }

  /** Something was written that the consumer cannot see yet. */
  get hasUnflushed(): boolean {
    return this.#segments.hasUncommitted || (this.#frame !== undefined && this.#frame.count > 0);
  }

  /** Bytes made visible to the consumer since the start. */
  get bytesOut(): number {
    return this.#segments.bytesCommitted;
  }

  /**
   * `value` is encoded now; it may be changed afterwards.
   *
   * @throws MillraceError MR2002 if it does not have the declared type; the channel is as before then
   */
  writeRecord(value: T, timestamp: number): void {
    if (this.#frame !== undefined) {
      this.#addToFrame(this.#frame, value, timestamp);
      return;
    }
    const segments = this.#segments;
    segments.ensure(RECORD_HEAD_BYTES);
    const segment = segments.segment;
    const start = segments.position;
    const out = this.#out;
    if (out.bytes !== segment.bytes || out.limit !== segment.end) {
      out.pointAt(segment.bytes, segment.view, start, segment.end);
    }
    out.mark = start;
    if (timestamp === NO_TIMESTAMP) {
      segment.bytes[start] = Tag.UNTIMED_RECORD;
      out.position = start + 1;
    } else {
      segment.bytes[start] = Tag.RECORD;
      segment.view.setFloat64(start + 1, timestamp, true);
      out.position = start + RECORD_HEAD_BYTES;
    }
    this.#codec.encode(value, out);
    if (out.bytes === segment.bytes) segments.position = out.position;
    else segments.append(out.bytes, out.mark, out.position);
  }

  writeWatermark(timestamp: number): void {
    this.#endFrame();
    this.#segments.ensure(WATERMARK_BYTES);
    const { segment, position } = this.#segments;
    segment.bytes[position] = ElementKind.WATERMARK;
    segment.view.setFloat64(position + 1, timestamp, true);
    this.#segments.position = position + WATERMARK_BYTES;
  }

  writeIdle(): void {
    this.#writeTag(ElementKind.IDLE);
  }

  writeActive(): void {
    this.#writeTag(ElementKind.ACTIVE);
  }

  writeBarrier(checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    this.#endFrame();
    this.#segments.ensure(BARRIER_BYTES);
    const { segment, position } = this.#segments;
    segment.bytes[position] = ElementKind.BARRIER;
    segment.view.setFloat64(position + 1, checkpointId, true);
    segment.view.setFloat64(position + 9, timestamp, true);
    segment.bytes[position + 17] = isSavepoint ? 1 : 0;
    this.#announcer.announce({
      checkpointId,
      timestamp,
      isSavepoint,
      ringPosition: this.#segments.ringPosition,
      offset: position - segment.base,
    });
    this.#segments.position = position + BARRIER_BYTES;
  }

  /** No records or watermarks follow; barriers may. */
  writeEndOfData(): void {
    this.#writeTag(ElementKind.END_OF_DATA);
  }

  /** Nothing follows. */
  writeEndOfPartition(): void {
    this.#writeTag(ElementKind.END_OF_PARTITION);
  }

  /** Shows the consumer everything written so far and wakes it; what is on the heap as far as it fits. */
  flush(): void {
    this.#endFrame();
    this.#segments.commit();
  }

  /** Moves what waits on the heap into segments that have come back. True: nothing is left there. */
  drainOverflow(): boolean {
    return this.#segments.drainOverflow();
  }

  #writeTag(kind: ElementKind): void {
    this.#endFrame();
    this.#segments.ensure(1);
    const { segment, position } = this.#segments;
    segment.bytes[position] = kind;
    this.#segments.position = position + 1;
  }

  #addToFrame(frame: FrameBuilder<T>, value: T, timestamp: number): void {
    frame.add(value);
    this.#frameTimes[frame.count - 1] = timestamp;
    if (frame.count === FRAME_RECORDS_MAX || frame.length >= this.#frameBytesMax) this.#endFrame();
  }

  /** Writes the records collected so far, so that order is kept with what follows. */
  #endFrame(): void {
    const frame = this.#frame;
    if (frame === undefined || frame.count === 0) return;
    const out = this.#frameOut;
    out.clear();
    out.reserve(FRAME_HEAD_BYTES + frame.count * 8 + frame.length);
    out.bytes[0] = Tag.FRAME;
    out.view.setUint32(1, frame.count, true);
    out.view.setUint32(5, frame.length, true);
    let p = FRAME_HEAD_BYTES;
    for (let i = 0; i < frame.count; i++, p += 8) out.view.setFloat64(p, this.#frameTimes[i] ?? 0, true);
    out.bytes.set(frame.bytes.subarray(0, frame.length), p);
    this.#segments.append(out.bytes, 0, p + frame.length);
    frame.clear();
  }
}
