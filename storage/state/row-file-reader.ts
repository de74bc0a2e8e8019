import { ByteReader, decodeUtf8, MillraceError, readVarint } from '../../core/internal.js';
import {
  BLOCK_HEADER_BYTES,
  FORM,
  OF_FORM,
  ROW_FILE_FORMAT,
  ROW_FILE_MAGIC,
  type RowFileTable,
  TABLE_HEADER_BYTES,
  TABLE_ORDERED,
} from './row-file-layout.js';

/** One row of a file. The same object shows every row: valid only during the visit. */
export class FileRow {
  /** Number of the table in the file. */
  table = 0;
  keyGroup = 0;
  bytes: Uint8Array = new Uint8Array(0);
  keyStart = 0;
  keyLength = 0;
  /** 0 in a table that is not ordered. */
  prefixLength = 0;
  valueStart = 0;
  /** -1: the row is deleted. */
  valueLength = 0;
}

export interface RowFileVisitor {
  /** Once, before any row. */
  tables(tables: readonly RowFileTable[]): void;
  row(row: FileRow): void;
}

/**
 * Takes a file apart (row-file-layout.ts), whatever pieces it comes in.
 *
 * Invariant: `#rest` holds the bytes after the last complete part.
 */
export class RowFileReader {
  readonly #name: string;
  readonly #visitor: RowFileVisitor;
  #rest: Uint8Array = new Uint8Array(0);
  #tables: readonly RowFileTable[] | undefined = undefined;
  #rowCount = 0;
  /** Set by the preamble. */
  #hasForms = true;

  /** `name` is for messages. */
  constructor(name: string, visitor: RowFileVisitor) {
    this.#name = name;
    this.#visitor = visitor;
  }

  /** @throws MillraceError MR3004 if this is no such file */
  push(piece: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? piece : concat(this.#rest, piece);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (;;) {
      const header = this.#tables === undefined ? 4 : BLOCK_HEADER_BYTES;
      if (bytes.length - at < header) break;
      const end = at + header + view.getUint32(at, true);
      if (end > bytes.length) break;
      if (this.#tables === undefined) this.#readPreamble(bytes, view, at + header, end);
      else this.#readRows(bytes, view, at + header, end, view.getUint32(at + 4, true));
      at = end;
    }
    // The pieces belong to who brought them; what is left is kept as a copy.
    this.#rest = bytes.slice(at);
  }

  /** The file has ended. @throws MillraceError MR3004 unless it was whole */
  end(rowCount: number): void {
    if (this.#tables === undefined || this.#rest.length > 0) throw this.#corrupt('it ends early');
    if (rowCount !== this.#rowCount) {
      throw this.#corrupt(`it has ${this.#rowCount} rows, and the checkpoint names ${rowCount}`);
    }
  }

  #readPreamble(bytes: Uint8Array, view: DataView, start: number, end: number): void {
    if (end - start < 8 || view.getUint32(start, true) !== ROW_FILE_MAGIC) {
      throw this.#corrupt('it is no file of keyed state');
    }
    const version = view.getUint16(start + 4, true);
    if (version < 1 || version > ROW_FILE_FORMAT)
      throw this.#corrupt(`it has the unknown version ${version}`);
    this.#hasForms = version > 1;
    const tables: RowFileTable[] = [];
    let at = start + 8;
    for (let left = view.getUint16(start + 6, true); left > 0; left--) {
      const nameStart = at + TABLE_HEADER_BYTES;
      if (nameStart > end) throw this.#corrupt('its list of tables ends early');
      const nameEnd = nameStart + view.getUint16(at + 5, true);
      const name = nameEnd > end ? undefined : decodeUtf8(bytes, nameStart, nameEnd);
      if (name === undefined) throw this.#corrupt('the name of a table is not understood');
      const ordered = (view.getUint8(at) & TABLE_ORDERED) !== 0;
      tables.push({ name, ordered, fixedValueBytes: view.getUint32(at + 1, true) });
      at = nameEnd;
    }
    this.#tables = tables;
    this.#visitor.tables(tables);
  }

  #readRows(bytes: Uint8Array, view: DataView, start: number, end: number, count: number): void {
    const tables = this.#tables ?? [];
    const input = new ByteReader();
    input.pointAt(bytes, view, start, end);
    const row = new FileRow();
    row.bytes = bytes;
    const hasForms = this.#hasForms;
    for (let i = 0; i < count; i++) {
      if (hasForms) {
        if (!readRow(input, tables, row))
          throw this.#corrupt(`a row names a table that is none of ${tables.length}`);
      } else {
        row.table = readVarint(input);
        const table = tables[row.table];
        if (table === undefined) throw this.#corrupt(`a row names table ${row.table} of ${tables.length}`);
        row.keyGroup = readVarint(input);
        readForm(input, table.ordered, row);
        readBytes(input, row);
      }
      if (input.position > end || row.prefixLength > row.keyLength) throw this.#corrupt('a row ends early');
      this.#visitor.row(row);
    }
    if (input.position !== end) throw this.#corrupt('a block has bytes after its rows');
    this.#rowCount += count;
  }

  #corrupt(why: string): MillraceError {
    return new MillraceError('MR3004', `The state file ${this.#name} cannot be read: ${why}.`);
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/**
 * Reads a row, which may be of the form of the row that was read before into the same object. False: it names a table
 * that there is not. Undefined `tables`: none is ordered, whatever its number.
 */
export function readRow(
  input: ByteReader,
  tables: readonly { readonly ordered: boolean }[] | undefined,
  row: FileRow,
): boolean {
  let first = readVarint(input);
  while (first === FORM) {
    row.table = tableOf(readVarint(input));
    const declared = tables?.[row.table];
    if (tables !== undefined && declared === undefined) return false;
    readForm(input, declared?.ordered ?? false, row);
    first = readVarint(input);
  }
  if (first === OF_FORM) {
    row.keyGroup = readVarint(input);
    readBytes(input, row);
    return true;
  }
  row.table = tableOf(first);
  const table = tables?.[row.table];
  if (tables !== undefined && table === undefined) return false;
  row.keyGroup = readVarint(input);
  readForm(input, table?.ordered ?? false, row);
  readBytes(input, row);
  return true;
}

function tableOf(written: number): number {
  return written > OF_FORM ? written - 2 : written;
}

function readForm(input: ByteReader, ordered: boolean, row: FileRow): void {
  row.keyLength = readVarint(input);
  row.prefixLength = ordered ? readVarint(input) : 0;
  row.valueLength = readVarint(input) - 1;
}

function readBytes(input: ByteReader, row: FileRow): void {
  row.keyStart = input.position;
  row.valueStart = row.keyStart + row.keyLength;
  input.position = row.valueStart + Math.max(row.valueLength, 0);
}
