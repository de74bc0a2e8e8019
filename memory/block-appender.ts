import { ByteWriter, invariant, type RecordCodec } from '../core/internal.js';
import { type BlockCodec, BlockWriter } from './block-codec.js';
import { putRecordHead, type RecordAppender } from './row-appender.js';
import { BLOCK_HEAD_BYTES, RECORD_HEAD_BYTES, Tag } from './segment-layout.js';
import type { SegmentWriter } from './segment-writer.js';
import { putText } from './string-bytes.js';

/**
 * UTF-16 units of a block's text beyond which it is ended. A string that a user keeps may keep the whole
 * text of its block, so this is what one kept string can cost; more gains little (a bid has 65).
 */
const BLOCK_TEXT_MAX = 1024;
/** Room that each unit of text may need until it is known what the text holds. */
const BYTES_PER_UNIT = 3;

/**
 * Declared records with strings, in blocks that are written in place: rows at once, their strings when the
 * block ends. A record that does not fit into what is left of the segment is an element of its own.
 *
 * Invariants, while a block is open at `start`:
 * - bytes [start + 10, segments.position) are whole rows, whose strings are `text`, in order;
 * - behind them there is room for that text in any form;
 * - nothing else is written to the segments.
 *
 * hot path
 */
export class BlockAppender<T> implements RecordAppender<T> {
  readonly #codec: RecordCodec<T>;
  readonly #rows: BlockCodec<T>;
  readonly #segments: SegmentWriter;
  readonly #out = new BlockWriter(0);
  readonly #alone = new ByteWriter();
  /** Offset of the block in the open segment; 0: none is open. */
  #start = 0;
  /** Strings of the rows of the open block. */
  #text = '';

  constructor(codec: RecordCodec<T>, rows: BlockCodec<T>, segments: SegmentWriter) {
    this.#codec = codec;
    this.#rows = rows;
    this.#segments = segments;
  }

  get isOpen(): boolean {
    return this.#start !== 0;
  }

  append(value: T, timestamp: number): void {
    const segments = this.#segments;
    if (this.#start === 0) this.#open();
    const segment = segments.segment;
    const start = segments.position;
    const out = this.#out;
    if (segment.end - start < RECORD_HEAD_BYTES) {
      this.#appendAlone(value, timestamp);
      return;
    }
    if (out.bytes !== segment.bytes || out.limit !== segment.end) {
      out.pointAt(segment.bytes, segment.view, start, segment.end);
    }
    putRecordHead(out, start, timestamp);
    out.text = this.#text;
    this.#rows.encodeRow(value, out);
    const units = out.text.length;
    if (out.bytes === segment.bytes && out.position + units * BYTES_PER_UNIT <= segment.end) {
      segments.position = out.position;
      this.#text = out.text;
      if (units >= BLOCK_TEXT_MAX) this.finish();
    } else this.#appendAlone(value, timestamp);
  }

  finish(): void {
    if (this.#start === 0) return;
    const segments = this.#segments;
    const { bytes, view, base } = segments.segment;
    const start = base + this.#start;
    const rows = start + BLOCK_HEAD_BYTES;
    this.#start = 0;
    if (segments.position === rows) {
      segments.position = start;
      return;
    }
    const text = this.#text;
    this.#text = '';
    const { form, end } = putText(bytes, segments.position, text);
    invariant(end <= segments.segment.end, 'the text of a block fits behind its rows', {
      end,
      units: text.length,
    });
    bytes[start] = Tag.BLOCK;
    bytes[start + 1] = form;
    view.setUint32(start + 2, segments.position - rows, true);
    view.setUint32(start + 6, end - segments.position, true);
    segments.position = end;
  }

  #open(): void {
    const segments = this.#segments;
    segments.ensure(BLOCK_HEAD_BYTES + RECORD_HEAD_BYTES);
    this.#start = segments.position - segments.segment.base;
    segments.position += BLOCK_HEAD_BYTES;
  }

  #appendAlone(value: T, timestamp: number): void {
    this.finish();
    const out = this.#alone;
    out.clear();
    out.reserve(RECORD_HEAD_BYTES);
    putRecordHead(out, 0, timestamp);
    this.#codec.encode(value, out);
    this.#segments.append(out.bytes, out.mark, out.position);
  }
}
