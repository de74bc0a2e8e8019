import { ByteReader, invariant } from '../../core/internal.js';
import { BLOCK_HEADER_BYTES } from './row-file-layout.js';
import { FileRow, readRow } from './row-file-reader.js';

/** Whether the value that begins there has outlived its time. */
export type RowExpiry = (bytes: Uint8Array, at: number) => boolean;

/** What is to be known of a table whose rows may expire. */
interface ExpiringTable {
  readonly ordered: boolean;
  /** Undefined: its rows live for ever. */
  readonly isExpired: RowExpiry | undefined;
}

/**
 * Takes rows that have expired out of finished blocks (row-file-layout.ts) of a full snapshot.
 *
 * Where an older row of the same key may stand before it in the file, an expired row must not just be missing:
 * it is written as deleted. Rows of a declared form never expire (row-block-writer.ts), nor those between them and
 * where it was declared.
 */
export class ExpiredRows {
  readonly #tables: readonly ExpiringTable[];
  readonly #asDeleted: boolean;
  readonly #row = new FileRow();

  constructor(tables: readonly ExpiringTable[], asDeleted: boolean) {
    this.#tables = tables;
    this.#asDeleted = asDeleted;
  }

  /** The block without them, in the same bytes. It may have no rows left. */
  removeFrom(block: Uint8Array): Uint8Array {
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    const input = new ByteReader();
    input.pointAt(block, view, BLOCK_HEADER_BYTES, block.length);
    const row = this.#row;
    let rows = 0;
    let end = BLOCK_HEADER_BYTES;
    for (let left = view.getUint32(4, true); left > 0; left--) {
      const start = input.position;
      const isKnown = readRow(input, this.#tables, row);
      const table = this.#tables[row.table];
      invariant(isKnown && table !== undefined, 'a row belongs to a table of the file', { start });
      const next = input.position;
      if (row.valueLength >= 0 && table.isExpired?.(block, row.valueStart) === true) {
        if (!this.#asDeleted) continue;
        // Its size becomes 0, and the value goes.
        const size = row.keyStart - varintBytes(row.valueLength + 1);
        block.copyWithin(end, start, size);
        end += size - start;
        block[end++] = 0;
        block.copyWithin(end, row.keyStart, row.valueStart);
        end += row.keyLength;
      } else {
        block.copyWithin(end, start, next);
        end += next - start;
      }
      rows++;
    }
    view.setUint32(0, end - BLOCK_HEADER_BYTES, true);
    view.setUint32(4, rows, true);
    return block.subarray(0, end);
  }
}

/** Undefined where no table has rows that expire. */
export function expiredRowsOf(
  tables: readonly { readonly name: string; readonly ordered: boolean }[],
  expiries: ReadonlyMap<string, RowExpiry>,
  asDeleted: boolean,
): ExpiredRows | undefined {
  if (expiries.size === 0) return undefined;
  const expiring = tables.map(({ name, ordered }) => ({ ordered, isExpired: expiries.get(name) }));
  return new ExpiredRows(expiring, asDeleted);
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) bytes++;
  return bytes;
}
