import type { TypeNode } from './type-descriptor.js';

/**
 * The bytes of a record of a declared type: what travels in channels and what state holds. The interpreted
 * and the compiled codec write the same. Fields follow each other unpadded, in declared order; nothing is
 * written of what the type already says (names, kinds).
 *
 * ```
 *   int32       4 bytes
 *   float64     8 bytes                 -0 and NaN included
 *   timestamp   8 bytes                 as float64
 *   boolean     1 byte                  00 or 01
 *   string      h bytes…                h = varint(length of the bytes << 2 | form)
 *                                       form 0 ASCII, 1 UTF-8, 2 UTF-16 (only where a surrogate is alone)
 *   bigint      n 8-byte words…         n = varint, fewest that hold it; two's complement
 *   bytes       n bytes…                n = varint
 *   void                                nothing
 *   dynamic     as its own codec writes it, self-delimiting
 *   optional    00, or 01 value         outside of objects
 *   array       n element…              n = varint
 *   map         n (key value)…          n = varint, in the order of the Map
 *   object      presence… field…        one bit for each optional field, in declared order, the lowest bit
 *                                       first; absent fields take no bytes beyond it
 *   union       i object                i = varint, the place of the variant
 *
 *   varint      7 bits a byte, lowest first, the high bit set on all but the last; below 2^31
 * ```
 *
 * Numbers are little endian. A change here is a new layout: state in checkpoints is read by it.
 */
export const StringForm = { ASCII: 0, UTF8: 1, UTF16: 2 } as const;

/** Bits of a string's header that hold the form. */
export const STRING_FORM_BITS = 2;

/** A string's bytes: their length has to fit beside the form. */
export const STRING_BYTES_MAX = 0x1fff_ffff;

export const VARINT_BYTES_MAX = 5;

/** Presence bytes of an object with so many optional fields. */
export function presenceBytes(optionalFields: number): number {
  return (optionalFields + 7) >>> 3;
}

/** Bytes of each value where all have the same size, otherwise 0. */
export function fixedBytesOf(type: TypeNode): number {
  switch (type.kind) {
    case 'int32':
      return 4;
    case 'float64':
    case 'timestamp':
      return 8;
    case 'boolean':
      return 1;
    case 'object': {
      let sum = 0;
      for (const field of type.fields) {
        if (field.type.kind === 'void') continue;
        const bytes = fixedBytesOf(field.type);
        if (bytes === 0) return 0;
        sum += bytes;
      }
      return sum;
    }
    default:
      return 0;
  }
}
