import { ByteReader, ByteWriter, type RecordCodec } from '../core/internal.js';

/**
 * Rows whose strings are put aside: a row holds their lengths, and the strings of a block of rows are
 * written, and read, in one piece. A call into native code costs as much as a whole row, so this makes a
 * record of three strings cost half of what it does alone.
 *
 * A string that is read is a part of its block's text, and a long one keeps that text alive: the text is
 * short for that reason (`BLOCK_TEXT_MAX`).
 */
export interface BlockCodec<T> {
  /** Appends a row at `out.position`, and its strings to `out.text`. @throws MillraceError MR2002 */
  encodeRow(value: T, out: BlockWriter): void;
  /** Reads a row, taking its strings from `input.text`. @throws MillraceError MR2003 */
  decodeRow(input: BlockReader): T;
}

/** A codec whose records can also travel in blocks. */
export interface BlockableCodec<T> extends RecordCodec<T> {
  /** Made when first asked for; undefined: the type has no strings and gains nothing. */
  blockCodec(): BlockCodec<T> | undefined;
}

export class BlockWriter extends ByteWriter {
  /** Strings of the rows since the block began. */
  text = '';
}

export class BlockReader extends ByteReader {
  /** Strings of the block's rows. */
  text = '';
  /** Units of `text` that have been taken. */
  taken = 0;
}

export function blockCodecOf<T>(codec: RecordCodec<T>): BlockCodec<T> | undefined {
  return 'blockCodec' in codec ? (codec as BlockableCodec<T>).blockCodec() : undefined;
}
