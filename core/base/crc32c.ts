/**
 * CRC-32C (Castagnoli), as in iSCSI, ext4 and object stores: polynomial 0x1EDC6F41 reflected, initial value
 * and final xor all ones. Eight bytes a step, by eight tables.
 *
 * `crc32c(b, crc32c(a))` is the checksum of a followed by b; that of nothing is 0.
 *
 * @returns the checksum of bytes[from, to), continued from `seed`, as an unsigned 32-bit integer
 */
export function crc32c(bytes: Uint8Array, seed = 0, from = 0, to: number = bytes.length): number {
  let crc = ~seed;
  let i = from;
  const last = to - 8;
  for (; i <= last; i += 8) {
    // Within bounds: i + 7 < to. The fallback is for the type checker and never taken.
    const low =
      crc ^
      ((bytes[i] ?? 0) |
        ((bytes[i + 1] ?? 0) << 8) |
        ((bytes[i + 2] ?? 0) << 16) |
        ((bytes[i + 3] ?? 0) << 24));
    crc =
      (TABLES[0x700 + (low & 0xff)] ?? 0) ^
      (TABLES[0x600 + ((low >>> 8) & 0xff)] ?? 0) ^
      (TABLES[0x500 + ((low >>> 16) & 0xff)] ?? 0) ^
      (TABLES[0x400 + (low >>> 24)] ?? 0) ^
      (TABLES[0x300 + (bytes[i + 4] ?? 0)] ?? 0) ^
      (TABLES[0x200 + (bytes[i + 5] ?? 0)] ?? 0) ^
      (TABLES[0x100 + (bytes[i + 6] ?? 0)] ?? 0) ^
      (TABLES[bytes[i + 7] ?? 0] ?? 0);
  }
  for (; i < to; i++) crc = (crc >>> 8) ^ (TABLES[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return ~crc >>> 0;
}

/** Table k stands at k * 256: the effect of a byte that k further bytes follow. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
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
