import type { StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { decodeKey } from '../serde/key-decoding.js';

/** The keys of a key group that have a row in the table, each once, ascending by their bytes. */
export function keysInGroup(table: StateTable, keyGroup: number): unknown[] {
  const keys: unknown[] = [];
  let last = new Uint8Array(0);
  table.scanKeyGroup(keyGroup, (row) => {
    // Keys are self-delimiting: rows of one key, and of no other, begin with its bytes.
    if (last.length > 0 && beginsWith(row, last)) return true;
    const reader = new ByteReader(row);
    keys.push(decodeKey(reader));
    last = row.slice(0, reader.position);
    return true;
  });
  return keys;
}

function beginsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}
