import { ElementKind, type LatencyMarker, type RecordCodec } from '../core/internal.js';
import { BlockAppender } from './block-appender.js';
import { blockCodecOf } from './block-codec.js';
import type { ChannelHandle } from './channel-handle.js';
import { CheckpointAnnouncer } from './checkpoint-announcement.js';
import { FrameAppender } from './frame-appender.js';
import { isFrameCodec } from './frame-codec.js';
import type { BufferUsage, LocalBufferPool } from './local-buffer-pool.js';
import { type RecordAppender, RowAppender } from './row-appender.js';
import { BARRIER_BYTES, LATENCY_MARKER_BYTES, WATERMARK_BYTES } from './segment-layout.js';
import { SegmentWriter } from './segment-writer.js';

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
  readonly #segments: SegmentWriter;
  readonly #records: RecordAppender<T>;
  readonly #announcer: CheckpointAnnouncer;

  constructor(handle: ChannelHandle, buffers: LocalBufferPool, codec: RecordCodec<T>) {
    this.#segments = new SegmentWriter(handle, buffers);
    this.#records = appenderFor(codec, this.#segments);
    this.#announcer = new CheckpointAnnouncer(handle);
  }

  /**
   * False: take no new input; what is written nevertheless waits on the heap. Everything written so far is
   * then visible to the consumer, so that segments will come back.
   */
  hasRoom(): boolean {
    if (this.#segments.hasRoomAtHand) return true;
    this.#records.finish();
    return this.#segments.hasRoom();
  }

  /** Something was written that the consumer cannot see yet. */
  get hasUnflushed(): boolean {
    return this.#segments.hasUncommitted || this.#records.isOpen;
  }

  /** Bytes made visible to the consumer since the start. */
  get bytesOut(): number {
    return this.#segments.bytesCommitted;
  }

  /** Segments made visible to the consumer since the start. */
  get buffersOut(): number {
    return this.#segments.segmentsPublished;
  }

  /** The segments that the channel shares with the others of its partition. */
  get buffers(): BufferUsage {
    return this.#segments.buffers;
  }

  /**
   * `value` is encoded now; it may be changed afterwards.
   *
   * @throws MillraceError MR2002 if it does not have the declared type; the channel is as before then
   */
  writeRecord(value: T, timestamp: number): void {
    this.#records.append(value, timestamp);
  }

  writeWatermark(timestamp: number): void {
    this.#records.finish();
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

  /** The consumer is told of it at once, whether or not there is room for it. */
  writeBarrier(checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    this.#records.finish();
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
    this.#segments.ringConsumer();
  }

  /** Behind all records written so far. */
  writeLatencyMarker({ markedMs, sourceVertexId, sourceSubtask }: LatencyMarker): void {
    this.#records.finish();
    this.#segments.ensure(LATENCY_MARKER_BYTES);
    const { segment, position } = this.#segments;
    segment.bytes[position] = ElementKind.LATENCY_MARKER;
    segment.view.setFloat64(position + 1, markedMs, true);
    segment.view.setUint32(position + 9, sourceVertexId, true);
    segment.view.setUint16(position + 13, sourceSubtask, true);
    this.#segments.position = position + LATENCY_MARKER_BYTES;
  }

  /** No records or watermarks follow; barriers may. */
  writeEndOfData(): void {
    this.#writeTag(ElementKind.END_OF_DATA);
  }

  /** Nothing follows. */
  writeEndOfPartition(): void {
    this.#records.finish();
    this.#segments.ensure(1);
    const { segment, position, ringPosition } = this.#segments;
    this.#announcer.announceEnd({ ringPosition, offset: position - segment.base });
    this.#writeTag(ElementKind.END_OF_PARTITION);
    this.#segments.ringConsumer();
  }

  /** Shows the consumer everything written so far and wakes it; what is on the heap as far as it fits. */
  flush(): void {
    this.#records.finish();
    this.#segments.commit();
  }

  /** Moves what waits on the heap into segments that have come back. True: nothing is left there. */
  drainOverflow(): boolean {
    return this.#segments.drainOverflow();
  }

  #writeTag(kind: ElementKind): void {
    this.#records.finish();
    this.#segments.ensure(1);
    const { segment, position } = this.#segments;
    segment.bytes[position] = kind;
    this.#segments.position = position + 1;
  }
}

function appenderFor<T>(codec: RecordCodec<T>, segments: SegmentWriter): RecordAppender<T> {
  if (isFrameCodec(codec)) return new FrameAppender(codec.newFrame(), segments);
  const rows = blockCodecOf(codec);
  return rows === undefined ? new RowAppender(codec, segments) : new BlockAppender(codec, rows, segments);
}
