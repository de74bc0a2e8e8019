/**
 * A data file of a checkpoint: blocks as they were appended, each with its own checksum, so that a reader
 * never hands out a byte that it has not verified. Numbers are little endian.
 *
 * ```text
 *  0                4                8
 * +----------------+----------------+
 * | magic "MRSF"   | version (u32)  |                                     header, 8 bytes
 * +----------------+----------------+---------------------- - -
 * | length n (u32) | CRC32C (u32)   | n bytes                             block, any number of times
 * +----------------+----------------+---------------------- - -
 * | 0xFFFFFFFF     | blocks (u32)   | entries (f64)  | length (f64)  | CRC32C (u32) |   footer, 28 bytes
 * +----------------+----------------+----------------+---------------+--------------+
 * ```
 *
 * A block's checksum covers its n bytes. The footer's covers the header, the 8 bytes in front of each block
 * and the footer up to itself: by way of the blocks' checksums, every byte of the file, at the cost of
 * reading each byte once. `length` is that of the whole file. The manifest repeats length, entries and the
 * footer's checksum, so a file that was exchanged for another good one is told as well.
 */
export const STATE_FILE_MAGIC = 0x4653524d;
export const STATE_FILE_VERSION = 1;
export const HEADER_BYTES = 8;
export const BLOCK_HEAD_BYTES = 8;
export const FOOTER_BYTES = 28;
/** Stands where a block's length would. */
export const FOOTER_MARK = 0xffffffff;
/** Longer blocks are refused by the writer and taken for corruption by the reader. */
export const BLOCK_BYTES_MAX = 256 * 1024 * 1024;

export function encodeHeader(): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, STATE_FILE_MAGIC, true);
  view.setUint32(4, STATE_FILE_VERSION, true);
  return bytes;
}

export function encodeBlockHead(length: number, crc: number): Uint8Array {
  const bytes = new Uint8Array(BLOCK_HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint32(4, crc, true);
  return bytes;
}

export interface StateFileFooter {
  readonly blockCount: number;
  readonly entryCount: number;
  readonly sizeBytes: number;
}

/** The footer without its checksum, which is appended by {@link sealFooter}. */
export function encodeFooter(footer: StateFileFooter): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FOOTER_MARK, true);
  view.setUint32(4, footer.blockCount, true);
  view.setFloat64(8, footer.entryCount, true);
  view.setFloat64(16, footer.sizeBytes, true);
  return bytes;
}

export function sealFooter(footer: Uint8Array, crc: number): void {
  new DataView(footer.buffer, footer.byteOffset).setUint32(FOOTER_BYTES - 4, crc, true);
}

export function decodeFooter(bytes: Uint8Array): StateFileFooter & { readonly crc32c: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    blockCount: view.getUint32(4, true),
    entryCount: view.getFloat64(8, true),
    sizeBytes: view.getFloat64(16, true),
    crc32c: view.getUint32(FOOTER_BYTES - 4, true),
  };
}
