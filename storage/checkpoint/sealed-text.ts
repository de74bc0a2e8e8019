import { crc32c, encodeUtf8 } from '../../core/internal.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { corruptFile } from './field-reader.js';
import { lookingAgain } from './looking-again.js';

const TEXT_BYTES_MAX = 64 * 1024 * 1024;
/** After the line of JSON: the CRC32C of its bytes, eight hexadecimal digits, and the end of their line. */
const SEAL_BYTES = 9;

/**
 * A value as JSON that people can read too, sealed: what it names is believed, and may be removed one day, so a bit
 * of it that has turned must be seen.
 *
 * ```text
 * {"name":"..."}\n
 * 0a1b2c3d\n
 * ```
 */
export function sealedText(value: unknown): Uint8Array {
  return sealedLine(encodeUtf8(`${JSON.stringify(value)}\n`));
}

/** Whatever line it is: that it is JSON is not looked at before it is read. */
export function sealedLine(line: Uint8Array): Uint8Array {
  return Buffer.concat([line, encodeUtf8(`${sealOf(line)}\n`)]);
}

/**
 * What lies there, as `understood` gives it back; undefined if nothing does.
 *
 * Rejects with MR3004 if it is damaged, or not understood, each time that it is read; `hint`: what to do then.
 */
export function readSealedText<T>(
  store: ObjectStore,
  key: string,
  understood: (value: unknown) => T | undefined,
  hint?: string,
): Promise<T | undefined> {
  return lookingAgain(async () => {
    const status = await store.head(key);
    if (status === undefined) return undefined;
    const file = store.describe(key);
    const length = Math.min(status.sizeBytes, TEXT_BYTES_MAX);
    const chunks: Uint8Array[] = [];
    for await (const chunk of store.get(key, { offset: 0, length })) chunks.push(chunk.slice());
    const value = understood(opened(Buffer.concat(chunks), file, hint));
    if (value === undefined) throw corruptFile(file, 'it is not what belongs there', hint);
    return value;
  });
}

function opened(bytes: Buffer, file: string, hint: string | undefined): unknown {
  const end = Math.max(0, bytes.length - SEAL_BYTES);
  const line = bytes.subarray(0, end);
  if (bytes.toString('latin1', end) !== `${sealOf(line)}\n`)
    throw corruptFile(file, 'its checksum differs', hint);
  try {
    return JSON.parse(line.toString());
  } catch (error) {
    // Sealed, and no JSON: somebody else wrote it.
    throw corruptFile(file, String(error), hint);
  }
}

function sealOf(line: Uint8Array): string {
  return crc32c(line).toString(16).padStart(8, '0');
}
