import { ByteReader, decodeUtf8, isMillraceError, MillraceError, readVarint } from '../../core/internal.js';
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
  /** Number of the table in the file; -1 before the first row, or form of one. */
  table = -1;
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
 * Invariants: `#rest` holds the bytes after the last complete part, `#restBytes` of them, in pieces; fewer than
 * `#wanted`, with which the next part is complete, or its head.
 */
export class RowFileReader {
  readonly #name: string;
  readonly #visitor: RowFileVisitor;
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  #wanted = 4;
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
    const bytes = this.#withRest(piece);
    if (bytes === undefined) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (;;) {
      const header = this.#tables === undefined ? 4 : BLOCK_HEADER_BYTES;
      this.#wanted = header;
      if (bytes.length - at < header) break;
      this.#wanted = header + view.getUint32(at, true);
      const end = at + this.#wanted;
      if (end > bytes.length) break;
      if (this.#tables === undefined) this.#readPreamble(bytes, view, at + header, end);
      else this.#readRows(bytes, view, at + header, end, view.getUint32(at + 4, true));
      at = end;
    }
    // The pieces belong to who brought them; what is left is kept as a copy.
    this.#rest = at === bytes.length ? [] : [bytes.slice(at)];
    this.#restBytes = bytes.length - at;
  }

  /** What was left with the piece behind it; undefined: the part is not complete yet, and the piece is left too. */
  #withRest(piece: Uint8Array): Uint8Array | undefined {
    const length = this.#restBytes + piece.length;
    if (length < this.#wanted) {
      this.#rest.push(piece.slice());
      this.#restBytes = length;
      return undefined;
    }
    if (this.#restBytes === 0) return piece;
    const whole = new Uint8Array(length);
    let filled = 0;
    for (const each of [...this.#rest, piece]) {
      whole.set(each, filled);
      filled += each.length;
    }
    return whole;
  }

  /** The file has ended. @throws MillraceError MR3004 unless it was whole */
  end(rowCount: number): void {
    if (this.#tables === undefined || this.#restBytes > 0) throw this.#corrupt('it ends early');
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
    const names = new Set<string>();
    let at = start + 8;
    for (let left = view.getUint16(start + 6, true); left > 0; left--) {
      const nameStart = at + TABLE_HEADER_BYTES;
      if (nameStart > end) throw this.#corrupt('its list of tables ends early');
      const nameEnd = nameStart + view.getUint16(at + 5, true);
      const name = nameEnd > end ? undefined : decodeUtf8(bytes, nameStart, nameEnd);
      if (name === undefined) throw this.#corrupt('the name of a table is not understood');
      const flags = view.getUint8(at);
      if (flags > TABLE_ORDERED || names.has(name))
        throw this.#corrupt(`the table ${name} stands in it twice, or is of an unknown form`);
      const ordered = flags === TABLE_ORDERED;
      names.add(name);
      tables.push({ name, ordered, fixedValueBytes: view.getUint32(at + 1, true) });
      at = nameEnd;
    }
    if (at !== end) throw this.#corrupt('its list of tables has bytes behind it');
    this.#tables = tables;
    this.#visitor.tables(tables);
  }

  #readRows(bytes: Uint8Array, view: DataView, start: number, end: number, count: number): void {
    const tables = this.#tables ?? [];
    const input = new ByteReader();
    input.pointAt(bytes, view, start, end);
    const row = new FileRow();
    row.bytes = bytes;
    for (let i = 0; i < count; i++) {
      this.#readRow(input, tables, row);
      if (input.position > end || row.prefixLength > row.keyLength) throw this.#corrupt('a row ends early');
      this.#visitor.row(row);
    }
    if (input.position !== end) throw this.#corrupt('a block has bytes after its rows');
    this.#rowCount += count;
  }

  #readRow(input: ByteReader, tables: readonly RowFileTable[], row: FileRow): void {
    try {
      if (readRow(input, tables, row, this.#hasForms)) return;
    } catch (error) {
      // Numbers say so as those of records do.
      if (!isMillraceError(error)) throw error;
    }
    throw this.#corrupt(`a row is not understood, or of a table that is none of ${tables.length}`);
  }

  #corrupt(why: string): MillraceError {
    return new MillraceError('MR3004', `The state file ${this.#name} cannot be read: ${why}.`);
  }
}

/**
 * Reads a row, which may be of the form of the row that was read before into the same object. False: it names a table
 * that there is not. Undefined `tables`: none is ordered, whatever its number.
 *
 * @throws MillraceError MR2003 for a number that is none
 */
export function readRow(
  input: ByteReader,
  tables: readonly { readonly ordered: boolean }[] | undefined,
  row: FileRow,
  hasForms = true,
): boolean {
  let first = readVarint(input);
  while (hasForms && first === FORM) {
    row.table = tableOf(readVarint(input));
    const declared = tables?.[row.table];
    if (tables !== undefined && declared === undefined) return false;
    readForm(input, declared?.ordered ?? false, row);
    first = readVarint(input);
  }
  if (hasForms && first === OF_FORM) {
    if (row.table < 0) return false;
    row.keyGroup = readVarint(input);
    readBytes(input, row);
    return true;
  }
  row.table = hasForms ? tableOf(first) : first;
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
