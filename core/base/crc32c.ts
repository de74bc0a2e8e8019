/** From so many bytes on the view of words pays. */
const WORDS_MIN = 128;

/**
 * CRC-32C (Castagnoli), as in iSCSI, ext4 and object stores: polynomial 0x1EDC6F41 reflected, initial value
 * and final xor all ones. Sixteen bytes a step, by as many tables, and of something long four of them in one read.
 *
 * `crc32c(b, crc32c(a))` is the checksum of a followed by b; that of nothing is 0.
 *
 * @returns the checksum of bytes[from, to), continued from `seed`, as an unsigned 32-bit integer
 */
export function crc32c(bytes: Uint8Array, seed = 0, from = 0, to: number = bytes.length): number {
  if (to - from < WORDS_MIN) return ~ofBytes(~seed, bytes, from, to) >>> 0;
  const start = from + (-(bytes.byteOffset + from) & 3);
  const count = (to - start) >> 4;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, count * 4);
  const crc = ofWords(ofBytes(~seed, bytes, from, start), words);
  return ~ofBytes(crc, bytes, start + count * 16, to) >>> 0;
}

function ofBytes(seed: number, bytes: Uint8Array, from: number, to: number): number {
  let crc = seed;
  for (let i = from; i < to; i++) crc = (crc >>> 8) ^ (TABLES[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return crc;
}

/** Of words as a little-endian machine reads them, four by four. The fallbacks are for the type checker alone. */
function ofWords(seed: number, words: Int32Array): number {
  let crc = seed;
  for (let i = 0; i < words.length; i += 4) {
    const a = crc ^ (words[i] ?? 0);
    const b = words[i + 1] ?? 0;
    const c = words[i + 2] ?? 0;
    const d = words[i + 3] ?? 0;
    crc =
      (TABLES[0xf00 + (a & 0xff)] ?? 0) ^
      (TABLES[0xe00 + ((a >>> 8) & 0xff)] ?? 0) ^
      (TABLES[0xd00 + ((a >>> 16) & 0xff)] ?? 0) ^
      (TABLES[0xc00 + (a >>> 24)] ?? 0) ^
      (TABLES[0xb00 + (b & 0xff)] ?? 0) ^
      (TABLES[0xa00 + ((b >>> 8) & 0xff)] ?? 0) ^
      (TABLES[0x900 + ((b >>> 16) & 0xff)] ?? 0) ^
      (TABLES[0x800 + (b >>> 24)] ?? 0) ^
      (TABLES[0x700 + (c & 0xff)] ?? 0) ^
      (TABLES[0x600 + ((c >>> 8) & 0xff)] ?? 0) ^
      (TABLES[0x500 + ((c >>> 16) & 0xff)] ?? 0) ^
      (TABLES[0x400 + (c >>> 24)] ?? 0) ^
      (TABLES[0x300 + (d & 0xff)] ?? 0) ^
      (TABLES[0x200 + ((d >>> 8) & 0xff)] ?? 0) ^
      (TABLES[0x100 + ((d >>> 16) & 0xff)] ?? 0) ^
      (TABLES[d >>> 24] ?? 0);
  }
  return crc;
}

/** Table k stands at k * 256: the effect of a byte that k further bytes follow. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const shorter = tables[i - 256] ?? 0;
    tables[i] = (shorter >>> 8) ^ (tables[shorter & 0xff] ?? 0);
  }
  return tables;
}
