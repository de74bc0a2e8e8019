import type { StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { decodeKey } from '../serde/key-decoding.js';
import { readTime, TIME_BYTES } from '../serde/time-layout.js';

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

/** The keys of a key group that have a row in any of the tables, each once, ascending by their bytes. */
export function keysInTables(tables: Iterable<StateTable>, keyGroup: number): unknown[] {
  const keys = new Map<string, unknown>();
  for (const table of tables) {
    table.scanKeyGroup(keyGroup, (row) => {
      const reader = new ByteReader(row);
      const key = decodeKey(reader);
      const text = textOf(row, 0, reader.position);
      if (!keys.has(text)) keys.set(text, key);
      return true;
    });
  }
  return [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}

export interface KeyWindow {
  readonly key: unknown;
  readonly start: number;
  readonly end: number;
}

/** The keys of a key group and their windows in a table of windows' state, each once, ascending by their bytes. */
export function windowsInGroup(table: StateTable, keyGroup: number): KeyWindow[] {
  const windows: KeyWindow[] = [];
  let current = new Uint8Array(0);
  table.scanKeyGroup(keyGroup, (row) => {
    if (current.length > 0 && beginsWith(row, current)) return true;
    const reader = new ByteReader(row);
    const key = decodeKey(reader);
    const at = reader.position;
    windows.push({ key, start: readTime(row, at), end: readTime(row, at + TIME_BYTES) });
    current = row.slice(0, at + 2 * TIME_BYTES);
    return true;
  });
  return windows;
}

/** Bytes as a latin1 text, which orders as they do. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

function beginsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}
