/**
 * The bytes of a keyed state file, the same for every backend: a base holds all rows of a subtask's operator,
 * an increment those that changed, with deletions. Rows of a later file replace those of an earlier one; in
 * one file a later row replaces an earlier one. Rows come in no particular order.
 *
 * ```
 *   file      preamble block*
 *   preamble  magic "MRKS" | version u16 | table count u16 | table*        (the length word counts all of it)
 *   table     flags u8 | bytes of every value u32, or 0 | name length u16 | name   its place is its number
 *   block     rows' bytes u32 | row count u32 | row*
 *   row       table | key group | key length | [prefix length] | size | key | value
 *             or, of the form that the block has last declared: 127 | key group | key | value
 *   declares  126 | table | key length | [prefix length] | size                    before a row; is none itself
 *
 *   flags          1: the table is ordered, and its rows have a prefix length
 *   prefix length  bytes of the key by which rows are scanned together
 *   size           0: the row is deleted, and has no value; n: the value has n - 1 bytes
 * ```
 *
 * A table from number 126 on is written as one that is 2 higher. In files of version 1 it is not, and nothing is
 * declared.
 *
 * The preamble is preceded by its length (u32). Numbers in the row are varints, the others little endian;
 * the name is UTF-8. Length, row count and CRC32C of a file stand in its handle.
 */
export const ROW_FILE_FORMAT = 2;

/** Stands for the number of a table: what follows is said of the rows that begin with {@link OF_FORM}. */
export const FORM = 126;
/** Stands for the number of a table: the row is of the form that was declared last. */
export const OF_FORM = 127;

/** "MRKS", read as a little-endian u32. */
export const ROW_FILE_MAGIC = 0x534b524d;

export const TABLE_ORDERED = 1;

export const TABLE_HEADER_BYTES = 7;

export const BLOCK_HEADER_BYTES = 8;

/** A block is handed on when it has reached this size. */
export const BLOCK_BYTES = 64 * 1024;

/** What a file says of a table; its number is its place. */
export interface RowFileTable {
  readonly name: string;
  readonly ordered: boolean;
  /** Bytes of a value where all have the same size, otherwise 0. */
  readonly fixedValueBytes: number;
}
