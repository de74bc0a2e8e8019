import {
  ByteReader,
  ByteWriter,
  badBytes,
  ElementKind,
  endsEarly,
  invariant,
  type LatencyMarker,
  NO_TIMESTAMP,
  need,
  type RecordCodec,
} from '../core/internal.js';
import { type BlockCodec, BlockReader, blockCodecOf } from './block-codec.js';
import { writeFrame } from './frame-appender.js';
import { type FrameCodec, isFrameCodec } from './frame-codec.js';
import {
  BARRIER_BYTES,
  BLOCK_HEAD_BYTES,
  BlockForm,
  FRAME_HEAD_BYTES,
  KIND_MASK,
  LATENCY_MARKER_BYTES,
  RECORD_HEAD_BYTES,
  SPAN_HEAD_BYTES,
  Tag,
  WATERMARK_BYTES,
} from './segment-layout.js';
import type { SegmentReader } from './segment-reader.js';
import { textOf } from './string-bytes.js';

/** A larger buffer for spanning elements is given up after its use. */
const SPAN_KEPT_BYTES = 1 << 20;
/** Instead of an element: something has been found, and the next one has to be looked for there. */
const LOOK_AGAIN = -1;

/**
 * Reads elements out of segments, from a channel or from a checkpoint. The fields describe the element that
 * {@link next} returned last, and are valid until it is called again; a record's value is the caller's own.
 *
 * Invariant: while segments.position < stop, `input` spans the segment, and an element begins at position.
 *
 * hot path: a record costs its decoding and two comparisons.
 */
export class ElementReader<T> {
  /** Of a RECORD. */
  value: T | undefined = undefined;
  /** The event time of a RECORD (`NO_TIMESTAMP`: none), the time of a WATERMARK, the trigger time of a BARRIER. */
  timestamp = NO_TIMESTAMP;
  /** Of a BARRIER. */
  checkpointId = -1;
  /** Of a BARRIER. */
  isSavepoint = false;
  /** The last LATENCY_MARKER. */
  latencyMarker: LatencyMarker | undefined = undefined;
  readonly #codec: RecordCodec<T>;
  readonly #frames: FrameCodec<T> | undefined;
  readonly #blocks: BlockCodec<T> | undefined;
  readonly #segments: SegmentReader;
  readonly #input = new BlockReader();
  /** Up to here elements follow one another; 0: look closer. */
  #stop = 0;
  /** Reads the rows of the open block; undefined: none is open. */
  #rows: BlockCodec<T> | undefined = undefined;
  /** End of the open block, behind its text. */
  #blockEnd = 0;
  /** The records of a frame that have been decoded and not been returned. */
  #frame: readonly T[] = [];
  #frameTimes: Float64Array = new Float64Array(0);
  #frameNext = 0;
  /** An element that spans segments, while it is put together. */
  #span: Uint8Array = new Uint8Array(0);
  #spanLength = 0;
  #spanFilled = 0;

  constructor(segments: SegmentReader, codec: RecordCodec<T>) {
    this.#codec = codec;
    this.#frames = isFrameCodec(codec) ? codec : undefined;
    this.#blocks = blockCodecOf(codec);
    this.#segments = segments;
  }

  /**
   * Takes the next element. NONE: there is none now, or only the beginning of one.
   *
   * @throws MillraceError MR2003 if its bytes are not of the declared type
   */
  next(): ElementKind {
    const segments = this.#segments;
    for (;;) {
      const start = segments.position;
      if (start >= this.#stop) {
        const kind = this.#lookFurther();
        if (kind === LOOK_AGAIN) continue;
        return kind;
      }
      const input = this.#input;
      const tag = input.bytes[start];
      if (tag === Tag.RECORD) {
        this.timestamp = input.view.getFloat64(start + 1, true);
        input.position = start + RECORD_HEAD_BYTES;
        const rows = this.#rows;
        this.value = rows === undefined ? this.#codec.decode(input) : rows.decodeRow(input);
        segments.position = input.position;
        return ElementKind.RECORD;
      }
      input.position = start;
      const kind = this.#readElement(input, tag ?? 0);
      segments.position = input.position;
      if (kind !== ElementKind.NONE) return kind;
    }
  }

  /** True if {@link next} would return an element, or at least get on with one. */
  hasData(): boolean {
    if (this.#segments.position < this.#stop || this.#frameNext < this.#frame.length) return true;
    this.#leaveBlock();
    // The segment may change under `input`.
    this.#stop = 0;
    return this.#segments.advance();
  }

  /**
   * What has been begun and not returned to its end, as bytes that can be read before those that follow from
   * {@link unreadFrom} on; undefined: nothing has.
   */
  protected begun(): Uint8Array | undefined {
    if (this.#frameNext < this.#frame.length) return this.#restOfFrame();
    if (this.#rows !== undefined) return this.#restOfBlock();
    if (this.#spanLength === 0) return undefined;
    const head = new Uint8Array(SPAN_HEAD_BYTES + this.#spanFilled);
    head[0] = Tag.SPANNING;
    new DataView(head.buffer).setUint32(1, this.#spanLength, true);
    head.set(this.#span.subarray(0, this.#spanFilled), SPAN_HEAD_BYTES);
    return head;
  }

  /** Offset, in the bytes of the present segment's chunk, of the first byte that nothing has been read of. */
  protected get unreadFrom(): number {
    return this.#rows === undefined ? this.#segments.position : this.#blockEnd;
  }

  #restOfFrame(): Uint8Array {
    const frame = this.#frames?.newFrame();
    invariant(frame !== undefined, 'frames come from a codec that reads them');
    for (let i = this.#frameNext; i < this.#frame.length; i++) frame.add(this.#frame[i] as T);
    const out = new ByteWriter();
    writeFrame(frame, this.#frameTimes.subarray(this.#frameNext, this.#frame.length), out);
    return out.bytes.slice(0, out.position);
  }

  /** The rows that are left, and their share of the text. */
  #restOfBlock(): Uint8Array | undefined {
    const { bytes, text, taken } = this.#input;
    const rows = bytes.subarray(this.#segments.position, this.#stop);
    if (rows.length === 0) return undefined;
    const textBegin = this.#stop;
    const isWide = this.#blockEnd - textBegin !== text.length;
    const left = bytes.subarray(textBegin + (isWide ? taken * 2 : taken), this.#blockEnd);
    const block = new Uint8Array(BLOCK_HEAD_BYTES + rows.length + left.length);
    const view = new DataView(block.buffer);
    block[0] = Tag.BLOCK;
    block[1] = isWide ? BlockForm.UTF16 : BlockForm.LATIN1;
    view.setUint32(2, rows.length, true);
    view.setUint32(6, left.length, true);
    block.set(rows, BLOCK_HEAD_BYTES);
    block.set(left, BLOCK_HEAD_BYTES + rows.length);
    return block;
  }

  #lookFurther(): ElementKind | typeof LOOK_AGAIN {
    if (this.#frameNext < this.#frame.length) return this.#nextOfFrame();
    const segments = this.#segments;
    if (this.#stop > 0 && segments.position > this.#stop) throw endsEarly(segments.position);
    this.#leaveBlock();
    this.#stop = 0;
    if (!segments.advance()) return ElementKind.NONE;
    const segment = segments.segment;
    invariant(segment !== undefined, 'there is a segment where there are bytes');
    if (this.#spanLength > 0) return this.#continueSpan(segment.bytes);
    this.#stop = segments.end;
    this.#input.pointAt(segment.bytes, segment.view, segments.position, segments.end);
    return LOOK_AGAIN;
  }

  /** Everything but the ordinary record. NONE: not complete yet, or records were made ready to be returned. */
  #readElement(input: ByteReader, tag: number): ElementKind {
    const start = input.position;
    switch (tag) {
      case Tag.RECORD:
        need(input, RECORD_HEAD_BYTES);
        this.timestamp = input.view.getFloat64(start + 1, true);
        input.position = start + RECORD_HEAD_BYTES;
        this.value = this.#codec.decode(input);
        return ElementKind.RECORD;
      case Tag.UNTIMED_RECORD:
        this.timestamp = NO_TIMESTAMP;
        input.position = start + 1;
        this.value = this.#rows === undefined ? this.#codec.decode(input) : this.#rows.decodeRow(this.#input);
        return ElementKind.RECORD;
      case ElementKind.WATERMARK:
        need(input, WATERMARK_BYTES);
        this.timestamp = input.view.getFloat64(start + 1, true);
        input.position = start + WATERMARK_BYTES;
        return ElementKind.WATERMARK;
      case ElementKind.BARRIER:
        need(input, BARRIER_BYTES);
        this.checkpointId = input.view.getFloat64(start + 1, true);
        this.timestamp = input.view.getFloat64(start + 9, true);
        this.isSavepoint = input.bytes[start + 17] === 1;
        input.position = start + BARRIER_BYTES;
        return ElementKind.BARRIER;
      case ElementKind.LATENCY_MARKER:
        need(input, LATENCY_MARKER_BYTES);
        this.latencyMarker = {
          markedMs: input.view.getFloat64(start + 1, true),
          sourceVertexId: input.view.getUint32(start + 9, true),
          sourceSubtask: input.view.getUint16(start + 13, true),
        };
        input.position = start + LATENCY_MARKER_BYTES;
        return ElementKind.LATENCY_MARKER;
      case ElementKind.IDLE:
      case ElementKind.ACTIVE:
      case ElementKind.END_OF_DATA:
      case ElementKind.END_OF_PARTITION:
        input.position = start + 1;
        return tag;
      case Tag.BLOCK:
        if (input !== this.#input) throw badBytes(start, 'a block is in one segment');
        this.#enterBlock(this.#input);
        return ElementKind.NONE;
      case Tag.FRAME:
        this.#openFrame(input);
        return ElementKind.NONE;
      case Tag.SPANNING:
        this.#beginSpan(input);
        return ElementKind.NONE;
      default:
        throw badBytes(start, `no element is of the kind ${tag & KIND_MASK}, tag ${tag}`);
    }
  }

  #enterBlock(input: BlockReader): void {
    const start = input.position;
    need(input, BLOCK_HEAD_BYTES);
    const rowsEnd = start + BLOCK_HEAD_BYTES + input.view.getUint32(start + 2, true);
    const end = rowsEnd + input.view.getUint32(start + 6, true);
    if (this.#blocks === undefined || this.#rows !== undefined || end > input.limit)
      throw badBytes(start, 'a block is complete, is in no other, and its codec reads it');
    input.text = textOf(input.bytes, rowsEnd, end, input.bytes[start + 1] ?? 0);
    input.taken = 0;
    input.position = start + BLOCK_HEAD_BYTES;
    input.limit = rowsEnd;
    this.#rows = this.#blocks;
    this.#stop = rowsEnd;
    this.#blockEnd = end;
  }

  #leaveBlock(): void {
    if (this.#rows === undefined) return;
    const input = this.#input;
    if (input.taken !== input.text.length)
      throw badBytes(
        this.#blockEnd,
        `${input.text.length} units of text, of which its rows take ${input.taken}`,
      );
    input.text = '';
    this.#rows = undefined;
    this.#segments.position = this.#blockEnd;
  }

  #openFrame(input: ByteReader): void {
    const start = input.position;
    const frames = this.#frames;
    if (frames === undefined || this.#rows !== undefined)
      throw badBytes(start, 'a frame is in no block, and its codec reads it');
    need(input, FRAME_HEAD_BYTES);
    const count = input.view.getUint32(start + 1, true);
    const length = input.view.getUint32(start + 5, true);
    const records = start + FRAME_HEAD_BYTES + count * 8;
    if (records + length > input.limit) throw endsEarly(start);
    const times = this.#frameTimes.length >= count ? this.#frameTimes : new Float64Array(count);
    for (let i = 0; i < count; i++) times[i] = input.view.getFloat64(start + FRAME_HEAD_BYTES + i * 8, true);
    this.#frameTimes = times;
    this.#frame = frames.decodeFrame(input.bytes, records, length, count);
    this.#frameNext = 0;
    this.#stop = 0;
    input.position = records + length;
  }

  #nextOfFrame(): ElementKind {
    const i = this.#frameNext++;
    this.value = this.#frame[i];
    this.timestamp = this.#frameTimes[i] ?? NO_TIMESTAMP;
    return ElementKind.RECORD;
  }

  #beginSpan(input: ByteReader): void {
    const start = input.position;
    need(input, SPAN_HEAD_BYTES);
    const length = input.view.getUint32(start + 1, true);
    if (length === 0 || this.#rows !== undefined || input !== this.#input)
      throw badBytes(start, 'an element that spans has bytes, and is in no other');
    this.#spanLength = length;
    this.#spanFilled = 0;
    this.#stop = 0;
    input.position += SPAN_HEAD_BYTES;
  }

  /** Takes what the present segment has of the spanning element, and reads it once it is complete. */
  #continueSpan(bytes: Uint8Array): ElementKind | typeof LOOK_AGAIN {
    const segments = this.#segments;
    const piece = Math.min(this.#spanLength - this.#spanFilled, segments.end - segments.position);
    this.#growSpan(this.#spanFilled + piece);
    this.#span.set(bytes.subarray(segments.position, segments.position + piece), this.#spanFilled);
    segments.position += piece;
    this.#spanFilled += piece;
    if (this.#spanFilled < this.#spanLength) return LOOK_AGAIN;
    const input = new ByteReader(this.#span);
    input.limit = this.#spanLength;
    this.#spanLength = 0;
    const kind = this.#readElement(input, this.#span[0] ?? 0);
    if (this.#span.length > SPAN_KEPT_BYTES) this.#span = new Uint8Array(0);
    return kind === ElementKind.NONE ? LOOK_AGAIN : kind;
  }

  /** By what has come of it, and not by what its head says. */
  #growSpan(bytes: number): void {
    if (this.#span.length >= bytes) return;
    const grown = new Uint8Array(Math.min(this.#spanLength, Math.max(bytes, this.#span.length * 2)));
    grown.set(this.#span.subarray(0, this.#spanFilled));
    this.#span = grown;
  }
}
