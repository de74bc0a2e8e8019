import { ByteWriter, NO_TIMESTAMP, type RecordCodec } from '../core/internal.js';
import { RECORD_HEAD_BYTES, Tag } from './segment-layout.js';
import type { SegmentWriter } from './segment-writer.js';

/** How the records of a channel get into its segments. */
export interface RecordAppender<T> {
  /** Encodes the value now. @throws MillraceError MR2002; the channel is as before then */
  append(value: T, timestamp: number): void;
  /** Completes what was begun, so that everything appended so far lies in the segments, in order. */
  finish(): void;
  /** Something was appended that {@link finish} would have to complete. */
  readonly isOpen: boolean;
}

/** Every record an element of its own. hot path */
export class RowAppender<T> implements RecordAppender<T> {
  readonly isOpen = false;
  readonly #codec: RecordCodec<T>;
  readonly #segments: SegmentWriter;
  readonly #out = new ByteWriter(0);

  constructor(codec: RecordCodec<T>, segments: SegmentWriter) {
    this.#codec = codec;
    this.#segments = segments;
  }

  append(value: T, timestamp: number): void {
    const segments = this.#segments;
    segments.ensure(RECORD_HEAD_BYTES);
    const segment = segments.segment;
    const out = this.#out;
    if (out.bytes !== segment.bytes || out.limit !== segment.end) {
      out.pointAt(segment.bytes, segment.view, segments.position, segment.end);
    }
    putRecordHead(out, segments.position, timestamp);
    this.#codec.encode(value, out);
    if (out.bytes === segment.bytes) segments.position = out.position;
    else segments.append(out.bytes, out.mark, out.position);
  }

  finish(): void {}
}

/** Begins a record at `start`, where there is room for its head. */
export function putRecordHead(out: ByteWriter, start: number, timestamp: number): void {
  out.mark = start;
  if (timestamp === NO_TIMESTAMP) {
    out.bytes[start] = Tag.UNTIMED_RECORD;
    out.position = start + 1;
  } else {
    out.bytes[start] = Tag.RECORD;
    out.view.setFloat64(start + 1, timestamp, true);
    out.position = start + RECORD_HEAD_BYTES;
  }
}
