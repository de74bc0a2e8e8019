import { ElementKind } from '../core/internal.js';

/**
 * What lies in a segment. A segment is filled by one producer and read by one consumer; it belongs to one
 * channel from the moment it is opened until it has been read.
 *
 * ```
 *   byte 0         4          8
 *        +---------+----------+----------+----------+---------- - - -+--------------+
 *        | state   | first    | element  | element  | element        | never read   |
 *        +---------+----------+----------+----------+---------- - - -+--------------+
 *
 *   state   int32, atomic. bits 0..30: bytes that may be read, header included (committed);
 *           bit 31: sealed, nothing more will be written. The only word that changes while both see it.
 *   first   int32. Offset of the first element that begins in this segment; what lies before it is the
 *           rest of an element of the segment before. Equal to the committed bytes where none begins.
 * ```
 *
 * So a segment can be understood alone, from `first` on, up to an element that goes on in the next one.
 *
 * ```
 *   element
 *     RECORD                    tag  timestamp:f64  record
 *     RECORD | UNTIMED          tag  record
 *     RECORD | FRAME            tag  count:u32  length:u32  timestamp:f64 × count  bytes × length
 *     WATERMARK                 tag  time:f64
 *     BARRIER                   tag  checkpoint:f64  timestamp:f64  savepoint:u8
 *     IDLE ACTIVE END_…         tag
 *     LATENCY_MARKER            tag  time:f64  vertex:u32  subtask:u16
 *     RECORD | BLOCK            tag  form:u8  rows:u32  text:u32
 *                               then `rows` bytes of RECORD elements, timed or not, whose strings are only
 *                               lengths, then `text` bytes: the strings of all of them, one after another
 *                               (form 0: a byte for each UTF-16 unit, 1: two bytes)
 *     RECORD | SPANNING         tag  length:u32  then `length` bytes of the element as it stands above,
 *                               going on at byte 8 of the segments that follow
 * ```
 *
 * Unaligned checkpoints hold elements as they stand here: who changes them raises `IN_FLIGHT_FORMAT`.
 *
 * Numbers are little endian and unaligned. Single records and frames may span; everything else begins in
 * the next segment where it does not fit.
 */
export const SEGMENT_HEADER_BYTES = 8;
/** Words of the header, as int32 indexes. */
export const STATE_WORD = 0;
export const FIRST_WORD = 1;
/** The sign bit of the state. */
export const SEALED = 0x8000_0000 | 0;
export const COMMITTED_MASK = 0x7fff_ffff;

/** Fewest bytes of a segment: Flink's least. */
export const SEGMENT_BYTES_MIN = 256;

/** Bits of a tag above the element's kind. */
const TagFlag = { UNTIMED: 0x10, FRAME: 0x20, SPANNING: 0x40, BLOCK: 0x80 } as const;
export const KIND_MASK = 0x0f;

export const Tag = {
  RECORD: ElementKind.RECORD,
  UNTIMED_RECORD: ElementKind.RECORD | TagFlag.UNTIMED,
  FRAME: ElementKind.RECORD | TagFlag.FRAME,
  SPANNING: ElementKind.RECORD | TagFlag.SPANNING,
  BLOCK: ElementKind.RECORD | TagFlag.BLOCK,
} as const;

/** Bytes before a record: tag and timestamp. */
export const RECORD_HEAD_BYTES = 9;
/** Bytes before the timestamps of a frame: tag, count, length. */
export const FRAME_HEAD_BYTES = 9;
/** Bytes before the rows of a block: tag, form, length of the rows, length of the text. */
export const BLOCK_HEAD_BYTES = 10;
export const BlockForm = { LATIN1: 0, UTF16: 1 } as const;
/** Tag and length of an element that spans. */
export const SPAN_HEAD_BYTES = 5;
export const WATERMARK_BYTES = 9;
export const BARRIER_BYTES = 18;
export const LATENCY_MARKER_BYTES = 15;
