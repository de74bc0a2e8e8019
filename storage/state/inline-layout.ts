/**
 * A region of an inline table: one chunk of the memtable's memory, as an open-addressing table whose slots
 * hold whole rows of few bytes, so that a row is found with one trip to memory.
 *
 * ```
 *   region   generation of page 0 | generation of page 1 | … | slot 0 | slot 1 | …
 *
 *   slot     word 0    0: empty; otherwise
 *                      USED | GONE | FRESH | key length << 3 (6 bits) | key group << 9
 *            word 1    generation of the last change; 0: in a completed checkpoint since the restore
 *            word 2…   key bytes, padded with zeros to `keyWords` words
 *            …         value bytes, padded
 * ```
 *
 * GONE: the row is deleted. The slot stays, for those behind it, until the region is laid out anew.
 * FRESH: at the freeze before its generation there was no such row anywhere; GONE and FRESH: it never was.
 * The generation of a page is at least that of every slot in it.
 *
 * Words are read as bytes and bytes as words, so this wants a little-endian machine, as LMDB's builds do.
 */
export const SLOT_META = 0;
export const SLOT_GENERATION = 1;
export const SLOT_KEY = 2;

export const SLOT_USED = 1;
export const SLOT_GONE = 2;
export const SLOT_FRESH = 4;
export const SLOT_LENGTH_SHIFT = 3;
export const SLOT_LENGTH_MASK = 0x3f << SLOT_LENGTH_SHIFT;
export const SLOT_KEY_GROUP_SHIFT = 9;

/** Slots of a page: the unit in which a snapshot passes over what has not changed. */
export const PAGE_SLOTS_SHIFT = 6;

/** Key and value sizes that are worth a slot. */
export const INLINE_KEY_BYTES_MAX = 24;
export const INLINE_VALUE_BYTES_MAX = 16;
