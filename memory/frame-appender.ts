import { ByteWriter } from '../core/internal.js';
import type { FrameBuilder } from './frame-codec.js';
import type { RecordAppender } from './row-appender.js';
import { FRAME_HEAD_BYTES, Tag } from './segment-layout.js';
import type { SegmentWriter } from './segment-writer.js';

/** Records of one frame: enough that what they share is paid for, few enough that it comes soon. */
const FRAME_RECORDS_MAX = 150;

/** Undeclared records, collected on the heap until a frame of them is full. hot path */
export class FrameAppender<T> implements RecordAppender<T> {
  readonly #frame: FrameBuilder<T>;
  readonly #times = new Float64Array(FRAME_RECORDS_MAX);
  readonly #bytesMax: number;
  readonly #out = new ByteWriter();
  readonly #segments: SegmentWriter;

  constructor(frame: FrameBuilder<T>, segments: SegmentWriter) {
    this.#frame = frame;
    this.#segments = segments;
    this.#bytesMax = segments.segmentBytes >>> 1;
  }

  get isOpen(): boolean {
    return this.#frame.count > 0;
  }

  append(value: T, timestamp: number): void {
    const frame = this.#frame;
    frame.add(value);
    this.#times[frame.count - 1] = timestamp;
    if (frame.count === FRAME_RECORDS_MAX || frame.length >= this.#bytesMax) this.finish();
  }

  finish(): void {
    const frame = this.#frame;
    if (frame.count === 0) return;
    const out = this.#out;
    out.clear();
    writeFrame(frame, this.#times, out);
    this.#segments.append(out.bytes, 0, out.position);
    frame.clear();
  }
}

/** The element that a frame is, with the timestamps of its records. */
export function writeFrame<T>(frame: FrameBuilder<T>, times: Float64Array, out: ByteWriter): void {
  const { count, length, bytes } = frame;
  out.reserve(FRAME_HEAD_BYTES + count * 8 + length);
  const start = out.position;
  out.bytes[start] = Tag.FRAME;
  out.view.setUint32(start + 1, count, true);
  out.view.setUint32(start + 5, length, true);
  let p = start + FRAME_HEAD_BYTES;
  for (let i = 0; i < count; i++, p += 8) out.view.setFloat64(p, times[i] ?? 0, true);
  out.bytes.set(bytes.subarray(0, length), p);
  out.position = p + length;
}
