import { ByteReader, invariant } from '../../core/internal.js';
import { compareBytes } from './row-bytes.js';
import { BLOCK_HEADER_BYTES } from './row-file-layout.js';
import { FileRow, readRow } from './row-file-reader.js';

/** Bytes of a key that are compared as one number. */
const HEAD_BYTES = 6;

/** `value` undefined: the row is deleted. Views of the block that it came in. */
export type SortedRowVisitor = (
  table: number,
  keyGroup: number,
  key: Uint8Array,
  value: Uint8Array | undefined,
) => void;

interface GatheredRow {
  readonly block: Uint8Array;
  readonly table: number;
  readonly keyGroup: number;
  /** The first bytes of the key, big endian, with zeros beyond its end. */
  readonly head: number;
  readonly keyStart: number;
  readonly keyLength: number;
  readonly valueLength: number;
}

/**
 * The rows of several blocks in the order in which LMDB keeps them. Written in that order, what one row's path
 * through the tree brought into the cache serves the next row as well; of a row that comes twice only the later one
 * is written at all.
 */
export class SortedRows {
  readonly #rows: GatheredRow[] = [];
  readonly #row = new FileRow();

  /** Rows of a block of tables that are not ordered; they come after those that are there. */
  add(block: Uint8Array): void {
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    const end = BLOCK_HEADER_BYTES + view.getUint32(0, true);
    invariant(end === block.length, 'a block of rows is handed over whole', { end, length: block.length });
    const input = new ByteReader();
    input.pointAt(block, view, BLOCK_HEADER_BYTES, end);
    const row = this.#row;
    for (let left = view.getUint32(4, true); left > 0; left--) {
      readRow(input, undefined, row);
      const { table, keyGroup, keyStart, keyLength, valueLength } = row;
      const head = headOf(block, keyStart, keyLength);
      this.#rows.push({ block, table, keyGroup, head, keyStart, keyLength, valueLength });
    }
  }

  /** Puts them in order. Returns their number, those that come twice included. */
  sort(): number {
    return this.#rows.sort(compareRows).length;
  }

  /** Visits the rows [from, to), which are in order. */
  visit(from: number, to: number, visit: SortedRowVisitor): void {
    const rows = this.#rows;
    for (let i = from; i < to; i++) {
      const row = rows[i];
      const next = rows[i + 1];
      if (row === undefined || (next !== undefined && compareRows(row, next) === 0)) continue;
      const { block, table, keyGroup, keyStart, valueLength } = row;
      const valueStart = keyStart + row.keyLength;
      const value = valueLength < 0 ? undefined : block.subarray(valueStart, valueStart + valueLength);
      visit(table, keyGroup, block.subarray(keyStart, valueStart), value);
    }
  }
}

function headOf(bytes: Uint8Array, start: number, length: number): number {
  let head = 0;
  for (let i = 0; i < HEAD_BYTES; i++) head = head * 256 + (i < length ? (bytes[start + i] ?? 0) : 0);
  return head;
}

/** 0: the same row. */
function compareRows(a: GatheredRow, b: GatheredRow): number {
  if (a.table !== b.table) return a.table - b.table;
  if (a.keyGroup !== b.keyGroup) return a.keyGroup - b.keyGroup;
  if (a.head !== b.head) return a.head - b.head;
  return compareBytes(a.block, a.keyStart, a.keyLength, b.block, b.keyStart, b.keyLength);
}
