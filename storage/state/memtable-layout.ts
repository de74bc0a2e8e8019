/**
 * A row in the memory of a memtable. All fields are 32-bit words; a row begins at a word, and its place
 * (its `ref`) is the number of that word. Ref 0 is no row.
 *
 * ```
 *   word 0   table number << 16 | key group
 *   word 1   key length
 *   word 2   value length + 1; 0: the row is deleted (a tombstone)
 *   word 3   0: this is the latest version; otherwise the generation in which a later one replaced it
 *   word 4   size of all this in words, and FRESH in bit 30
 *   word 5   prefix length; in ordered tables only
 *   …        key bytes | value bytes | unused
 * ```
 *
 * FRESH: at the last freeze there was no such row anywhere, so deleting it in the same generation leaves no
 * trace.
 *
 * Rows lie one behind the other in chunks of equal size, from the start of the chunk to its end mark. A row
 * larger than a chunk has a run of neighbouring chunks for itself.
 */
export const ROW_TABLE = 0;
export const ROW_KEY_LENGTH = 1;
export const ROW_VALUE_LENGTH = 2;
export const ROW_REPLACED = 3;
export const ROW_SIZE = 4;
export const ROW_PREFIX_LENGTH = 5;

export const ROW_HEADER_WORDS = 5;
export const ORDERED_ROW_HEADER_WORDS = 6;

export const ROW_FRESH = 0x4000_0000;
export const ROW_SIZE_MASK = 0x3fff_ffff;

/** Whether a chunk's rows are in LMDB. */
export const ChunkPersistence = {
  NONE: 0,
  /** Not yet, and they have to be as soon as the chunk is full. */
  DUE: 1,
  /** Handed to the state writer, not yet confirmed. */
  WRITING: 2,
  WRITTEN: 3,
} as const;

export const ChunkState = {
  FREE: 0,
  /** Rows may be appended. */
  OPEN: 1,
  FULL: 2,
  /** Belongs to the large row that begins in a chunk before it. */
  CONTINUED: 3,
  /** A region of an inline table. */
  TABLE: 4,
} as const;
