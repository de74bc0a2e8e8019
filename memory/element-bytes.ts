import { ByteWriter, ElementKind, type RecordCodec } from '../core/internal.js';
import { putRecordHead } from './row-appender.js';
import { RECORD_HEAD_BYTES, WATERMARK_BYTES } from './segment-layout.js';

/** Elements that were taken from a channel and not handed on, as bytes that can be read in front of it. */
export class ElementBytes<T> {
  readonly #codec: RecordCodec<T>;
  readonly #out = new ByteWriter();

  constructor(codec: RecordCodec<T>) {
    this.#codec = codec;
  }

  /** Undefined: there are none. */
  get bytes(): Uint8Array | undefined {
    const { bytes, position } = this.#out;
    return position === 0 ? undefined : bytes.slice(0, position);
  }

  addRecord(value: T, timestamp: number): void {
    const out = this.#out;
    out.reserve(RECORD_HEAD_BYTES);
    putRecordHead(out, out.position, timestamp);
    // What has no room goes on in an array that begins at the mark: with the first element.
    out.mark = 0;
    this.#codec.encode(value, out);
  }

  /** A watermark, or an element of one byte. Barriers and latency markers are of no meaning to who reads this. */
  addControl(kind: ElementKind, timestamp: number): void {
    const out = this.#out;
    if (kind === ElementKind.BARRIER || kind === ElementKind.LATENCY_MARKER) return;
    out.reserve(WATERMARK_BYTES);
    const start = out.position;
    out.bytes[start] = kind;
    out.position = start + 1;
    if (kind !== ElementKind.WATERMARK) return;
    out.view.setFloat64(start + 1, timestamp, true);
    out.position = start + WATERMARK_BYTES;
  }
}
