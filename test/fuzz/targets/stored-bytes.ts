import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../../core/internal.js';
import {
  BLOCK_HEAD_BYTES,
  FOOTER_BYTES,
  FOOTER_MARK,
  HEADER_BYTES,
} from '../../../storage/checkpoint/state-file-layout.js';
import { GOLDEN, goldenFormats } from '../../golden/golden-folder.js';

/** What was written of a format once, by its path below that of the format. */
export function goldenFiles(below: string): readonly Uint8Array[] {
  return goldenFormats().flatMap((format) => {
    const folder = join(GOLDEN, format, below);
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => Uint8Array.from(readFileSync(join(folder, entry.name))));
  });
}

/** With the checksum of the bytes before it in the last four. */
export function withLastChecksum(bytes: Uint8Array): Uint8Array {
  const repaired = bytes.slice();
  if (repaired.length >= 4)
    setUint32(repaired, repaired.length - 4, crc32c(repaired, 0, 0, repaired.length - 4));
  return repaired;
}

/** A state file with its length, and the checksums of its blocks and its own, as far as its blocks lead. */
export function withFileChecksums(bytes: Uint8Array): Uint8Array {
  const repaired = bytes.slice();
  let crc = crc32c(repaired, 0, 0, HEADER_BYTES);
  let at = HEADER_BYTES;
  while (at + BLOCK_HEAD_BYTES <= repaired.length) {
    const length = uint32At(repaired, at);
    if (length === FOOTER_MARK) {
      if (at + FOOTER_BYTES > repaired.length) return repaired;
      new DataView(repaired.buffer).setFloat64(at + 16, repaired.length, true);
      setUint32(repaired, at + FOOTER_BYTES - 4, crc32c(repaired, crc, at, at + FOOTER_BYTES - 4));
      return repaired;
    }
    const block = at + BLOCK_HEAD_BYTES;
    if (block + length > repaired.length) return repaired;
    setUint32(repaired, at + 4, crc32c(repaired, 0, block, block + length));
    crc = crc32c(repaired, crc, at, block);
    at = block + length;
  }
  return repaired;
}

export function uint32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

export function setUint32(bytes: Uint8Array, at: number, value: number): void {
  if (at >= 0 && at + 4 <= bytes.length)
    new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setUint32(at, value, true);
}
