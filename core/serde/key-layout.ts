/**
 * The canonical bytes of a key. They are what keyed state is stored under, in memory, in LMDB and in
 * checkpoints: a savepoint compatibility contract. A number here never changes its meaning.
 *
 * Three properties hold for every two keys a and b:
 * - equal keys have equal bytes, whatever order their fields were set in; different keys differ;
 * - bytewise order is the order of the keys (below);
 * - no key's bytes are a prefix of another's: `key | namespace | element` needs no lengths and sorts by parts.
 *
 * ```
 *   key         bytes                                                       order
 *   undefined   10                                                          by first byte of
 *   null        11                                                          unlike kinds
 *   false       12
 *   true        13
 *   number      20 d8                 below -2^31; -Infinity first          as numbers: one
 *               21 i4 00              an integer in [-2^31, 2^31)           order over all,
 *               21 i4 01 d8           between the integers i4 and i4 + 1    -0 is 0,
 *               22 d8                 2^31 and above; Infinity last         NaN is last
 *               23                    NaN, whatever its bits
 *   bigint      30 sl m…              see below                             as integers
 *   string      40 e… 00              UTF-8, escaped                        by code point
 *   Uint8Array  50 e… 00              escaped                               by byte
 *   array       60 (key)… 00          elements one after another            by element, then length
 *   object      70 (40 e… 00 key)… 00 fields that are not undefined,        as an array of
 *                                     ascending by UTF-16 unit of the name  names and values
 *
 *   i4   big endian int32 with the sign bit flipped
 *   d8   big endian float64; negative: all bits flipped, else the sign bit
 *   e…   byte 00 is written 01 01, byte 01 is written 01 02; so 00 ends it and sorts first
 *   sl m bigint n >= 0: 80 + L, then L bytes of magnitude, big endian, no leading zero (L = 0 for 0);
 *        L > 118: f7, L as four bytes, then the magnitude. n < 0: all those bytes of -n flipped.
 * ```
 *
 * Strings are WTF-8: a lone surrogate is the three bytes of its code, so every JavaScript string is a key.
 */
export const KeyTag = {
  END: 0x00,
  ESCAPE: 0x01,
  UNDEFINED: 0x10,
  NULL: 0x11,
  FALSE: 0x12,
  TRUE: 0x13,
  NUMBER_BELOW: 0x20,
  NUMBER: 0x21,
  NUMBER_ABOVE: 0x22,
  NAN: 0x23,
  BIGINT: 0x30,
  STRING: 0x40,
  BYTES: 0x50,
  ARRAY: 0x60,
  OBJECT: 0x70,
} as const;

/** After i4: the number is that integer, or lies above it. */
export const NumberRest = { WHOLE: 0x00, FRACTION: 0x01 } as const;

export const BigintHeader = {
  ZERO: 0x80,
  /** Most magnitude bytes that the header itself counts. */
  SHORT_MAX: 118,
  LONG: 0xf7,
} as const;

/** Bytes of a key that is an integer of 32 bits. */
export const INT_KEY_BYTES = 6;

const INT_TAG = KeyTag.NUMBER;
const INT_REST = NumberRest.WHOLE << 8;

/** The first four bytes of such a key, as a little-endian word. */
export function intKeyWord0(key: number): number {
  const ordered = key ^ 0x8000_0000;
  return INT_TAG | ((ordered >>> 16) & 0xff00) | (ordered & 0xff_0000) | ((ordered & 0xff00) << 16);
}

/** The last two bytes of such a key, as a little-endian word. */
export function intKeyWord1(key: number): number {
  return (key & 0xff) | INT_REST;
}

/** Whether a key that is an integer of 32 bits begins there; `INT_KEY_BYTES` bytes must be there. */
export function isIntKeyAt(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === INT_TAG && bytes[at + INT_KEY_BYTES - 1] === NumberRest.WHOLE;
}

/** The integer whose key begins there. */
export function intOfKeyAt(bytes: Uint8Array, at: number): number {
  const ordered =
    ((bytes[at + 1] ?? 0) << 24) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 8) |
    (bytes[at + 4] ?? 0);
  return ordered ^ 0x8000_0000;
}
