import type { StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { decodeKey } from '../serde/key-decoding.js';

/**
 * The keys of a key group that have a row in the table whose value `accepts` takes, each once, ascending by their
 * bytes.
 */
export function keysInGroup(
  table: StateTable,
  keyGroup: number,
  accepts: (value: Uint8Array) => boolean = () => true,
): unknown[] {
  const keys: unknown[] = [];
  let current = new Uint8Array(0);
  let key: unknown;
  let isTaken = false;
  table.scanKeyGroup(keyGroup, (row, value) => {
    // Keys are self-delimiting: rows of one key, and of no other, begin with its bytes.
    if (current.length === 0 || !beginsWith(row, current)) {
      const reader = new ByteReader(row);
      key = decodeKey(reader);
      current = row.slice(0, reader.position);
      isTaken = false;
    }
    if (!isTaken && accepts(value)) {
      isTaken = true;
      keys.push(key);
    }
    return true;
  });
  return keys;
}

function beginsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}
