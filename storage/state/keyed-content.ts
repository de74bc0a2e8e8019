import type { KeyedStateHandle, StateFileReader } from '../../core/internal.js';
import type { FileRow } from './row-file-reader.js';
import { restoreRows } from './row-restore.js';

/** A row of keyed state, taken out of a checkpoint. */
export interface KeyedRow {
  readonly keyGroup: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** How much one table of keyed state holds: keys and values, without what the files add. */
export interface TableSize {
  readonly rows: number;
  readonly bytes: number;
}

/** Whose state is read, for messages. */
export interface ContentOwner {
  readonly uid: string;
  readonly subtask: number;
}

/**
 * The rows of one table in the state of one operator of one subtask, base and increments put together, ascending
 * by key group and bytes. All of them are held in memory.
 *
 * @throws MillraceError MR3004 or MR3008 for files that cannot be read
 */
export async function readKeyedRows(
  handle: KeyedStateHandle,
  reader: StateFileReader,
  owner: ContentOwner,
  table: string,
): Promise<readonly KeyedRow[]> {
  const rows = new Map<string, KeyedRow>();
  await visit(handle, reader, owner, (name) => {
    if (name !== table) return () => {};
    return (text, row) => {
      if (row.valueLength < 0) rows.delete(text);
      else rows.set(text, copyOf(row));
    };
  });
  // A latin1 text orders as its bytes do, and the key group stands in front as one unit.
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/**
 * Rows and bytes of each table, deletions and replaced rows not counted. Of state with increments the keys are held
 * in memory.
 */
export async function measureKeyedTables(
  handle: KeyedStateHandle,
  reader: StateFileReader,
  owner: ContentOwner,
): Promise<ReadonlyMap<string, TableSize>> {
  const sizes = new Map<string, Map<string, number>>();
  const sums = new Map<string, { rows: number; bytes: number }>();
  const merges = handle.files.length > 1;
  await visit(handle, reader, owner, (name) => {
    const sum = sums.get(name) ?? { rows: 0, bytes: 0 };
    const bySize = sizes.get(name) ?? new Map<string, number>();
    sums.set(name, sum);
    sizes.set(name, bySize);
    return (text, row) => {
      const before = merges ? bySize.get(text) : undefined;
      if (before !== undefined) {
        sum.rows--;
        sum.bytes -= before;
        bySize.delete(text);
      }
      if (row.valueLength < 0) return;
      const bytes = row.keyLength + row.valueLength;
      sum.rows++;
      sum.bytes += bytes;
      if (merges) bySize.set(text, bytes);
    };
  });
  return sums;
}

async function visit(
  restore: KeyedStateHandle,
  reader: StateFileReader,
  { uid, subtask }: ContentOwner,
  takerOf: (table: string) => (text: string, row: FileRow) => void,
): Promise<void> {
  const keyGroups = { start: restore.keyGroupStart, end: restore.keyGroupEnd };
  const request = { operatorUid: uid, subtaskIndex: subtask, attempt: 0, keyGroups, managedBytes: 0 };
  await restoreRows({ ...request, restore, reader }, ({ name }) => {
    const take = takerOf(name);
    return (row) => take(textOf(row), row);
  });
}

/** The address of a row in its table, as a text. */
function textOf({ keyGroup, bytes, keyStart, keyLength }: FileRow): string {
  let text = String.fromCharCode(keyGroup);
  for (let i = keyStart; i < keyStart + keyLength; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

function copyOf({ keyGroup, bytes, keyStart, keyLength, valueStart, valueLength }: FileRow): KeyedRow {
  return {
    keyGroup,
    key: bytes.slice(keyStart, keyStart + keyLength),
    value: bytes.slice(valueStart, valueStart + valueLength),
  };
}
