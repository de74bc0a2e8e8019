import { RowForm, type RowKey } from '../../core/internal.js';

/**
 * A region of an inline table: one chunk of the memtable's memory, as an open-addressing table whose slots
 * hold whole rows of few bytes, so that a row is found with one trip to memory. The commonest slot, of an integer
 * by an integer, is a quarter of a line of the cache.
 *
 * ```
 *   region   slot 0 | slot 1 | … | padding
 *
 *   slot     word 0    0: empty; otherwise
 *                      USED | GONE | FRESH | key length << 3 (5 bits) | stamp << 8 (24 bits)
 *            word 1…   `keyWords` words of the key, and the key group in the upper half of the last of them
 *            …         value bytes, padded
 *
 *   key      INT         int | 0
 *            INT_WINDOW  int | start, high and low word | end, high and low word | 0
 *            BYTES       the bytes, padded with zeros
 * ```
 *
 * A table has slots of one form, that of its first row; rows of other forms do not belong there.
 *
 * The stamp says in which generation the row last changed, counted from the base of the table; 0: in a
 * completed checkpoint since the restore, or since the table took a later base.
 * GONE: the row is deleted. The slot stays, for those behind it, until the region is laid out anew.
 * FRESH: at the freeze before its generation there was no such row anywhere; GONE and FRESH: it never was.
 * The generation of a page, which is counted from nothing else, is at least that of every slot in it. Pages stand apart
 * from the regions, close together: beside the slots they would be a second trip to memory, or to its page tables.
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

/** A page has 2^8 words: what a snapshot saves, or passes over, at once. A slot is of the page it begins in. */
export const PAGE_SHIFT = 8;

/** Key and value sizes that are worth a slot. */
export const INLINE_KEY_BYTES_MAX = 24;
export const INLINE_VALUE_BYTES_MAX = 40;

/** The first key may be a short one (`user-7`), which says little about those to come. */
const BYTES_KEY_WORDS_MIN = 4;

/** How the slots of a table lie in a chunk; in words, if nothing else is said. */
export interface SlotGeometry {
  readonly form: RowForm;
  readonly keyWords: number;
  readonly keyBytesMax: number;
  /** Words of a slot before its value. */
  readonly valueWord: number;
  readonly slotWords: number;
  readonly slotCount: number;
}

export function slotGeometry(first: RowKey, valueBytes: number, chunkWords: number): SlotGeometry {
  const keyWords = keyWordsOf(first);
  const valueWord = SLOT_KEY + keyWords;
  const slotWords = valueWord + ((valueBytes + 3) >> 2);
  return {
    form: first.form,
    keyWords,
    keyBytesMax: first.form === RowForm.BYTES ? keyWords * 4 - KEY_GROUP_BYTES : first.length,
    valueWord,
    slotWords,
    slotCount: Math.floor(chunkWords / slotWords),
  };
}

function keyWordsOf({ form, length }: RowKey): number {
  if (form === RowForm.INT) return 2;
  if (form === RowForm.INT_WINDOW) return 6;
  return Math.max(BYTES_KEY_WORDS_MIN, (length + KEY_GROUP_BYTES + 3) >> 2);
}
