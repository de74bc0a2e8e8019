/**
 * A region of an inline table: one chunk of the memtable's memory, as an open-addressing table whose slots
 * hold whole rows of few bytes, so that a row is found with one trip to memory. Slots begin at a line of the
 * cache, and the commonest one, of an integer by an integer, is a quarter of such a line.
 *
 * ```
 *   region   generation of page 0 | generation of page 1 | … | padding | slot 0 | slot 1 | …
 *
 *   slot     word 0    0: empty; otherwise
 *                      USED | GONE | FRESH | key length << 3 (5 bits) | stamp << 8 (24 bits)
 *            word 1…   key bytes, padded with zeros to two bytes less than `keyWords` words | key group u16
 *            …         value bytes, padded
 * ```
 *
 * The stamp says in which generation the row last changed, counted from the base of the table; 0: in a
 * completed checkpoint since the restore, or since the table took a later base.
 * GONE: the row is deleted. The slot stays, for those behind it, until the region is laid out anew.
 * FRESH: at the freeze before its generation there was no such row anywhere; GONE and FRESH: it never was.
 * The generation of a page, which is counted from nothing else, is at least that of every slot in it.
 *
 * Words are read as bytes and bytes as words, so this wants a little-endian machine, as LMDB's builds do.
 */
export const SLOT_KEY = 1;

export const SLOT_USED = 1;
export const SLOT_GONE = 2;
export const SLOT_FRESH = 4;
export const SLOT_LENGTH_SHIFT = 3;
export const SLOT_LENGTH_MASK = 0x1f << SLOT_LENGTH_SHIFT;
export const SLOT_STAMP_SHIFT = 8;
export const SLOT_STAMP_MASK = -1 << SLOT_STAMP_SHIFT;
export const STAMP_MAX = 0xff_ffff;

const KEY_GROUP_BYTES = 2;
/** In the last word of the key. */
export const KEY_GROUP_SHIFT = 16;

/** Slots of a page: the unit in which a snapshot passes over what has not changed. */
export const PAGE_SLOTS_SHIFT = 6;

/** A line of the cache. */
const LINE_WORDS = 16;

/** Key and value sizes that are worth a slot. */
export const INLINE_KEY_BYTES_MAX = 24;
export const INLINE_VALUE_BYTES_MAX = 16;

/** How the slots of a table lie in a chunk; in words, if nothing else is said. */
export interface SlotGeometry {
  readonly keyWords: number;
  readonly keyBytesMax: number;
  /** Words of a slot before its value. */
  readonly valueWord: number;
  readonly slotWords: number;
  /** Words of a region before its slots. */
  readonly headWords: number;
  readonly slotCount: number;
}

export function slotGeometry(keyBytes: number, valueBytes: number, chunkWords: number): SlotGeometry {
  const keyWords = Math.max(2, (keyBytes + KEY_GROUP_BYTES + 3) >> 2);
  const valueWord = SLOT_KEY + keyWords;
  const slotWords = valueWord + ((valueBytes + 3) >> 2);
  const pages = (Math.floor(chunkWords / slotWords) >> PAGE_SLOTS_SHIFT) + 1;
  const headWords = Math.ceil(pages / LINE_WORDS) * LINE_WORDS;
  return {
    keyWords,
    keyBytesMax: keyWords * 4 - KEY_GROUP_BYTES,
    valueWord,
    slotWords,
    headWords,
    slotCount: Math.floor((chunkWords - headWords) / slotWords),
  };
}
