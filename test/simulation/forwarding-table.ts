import type {
  ByteReader,
  ByteWriter,
  RowBatch,
  RowKey,
  RowVisitor,
  StateTable,
} from '../../core/internal.js';

/** Passes every call on to another table: for those that do one thing differently. */
export class ForwardingTable implements StateTable {
  readonly #table: StateTable;

  constructor(table: StateTable) {
    this.#table = table;
  }

  get isLarge(): boolean {
    return this.#table.isLarge;
  }

  get(row: RowKey, into: ByteReader): boolean {
    return this.#table.get(row, into);
  }

  put(row: RowKey, value: ByteWriter, from: number): void {
    this.#table.put(row, value, from);
  }

  getInt32(row: RowKey): number | undefined {
    return this.#table.getInt32(row);
  }

  putInt32(row: RowKey, value: number): void {
    this.#table.putInt32(row, value);
  }

  delete(row: RowKey): boolean {
    return this.#table.delete(row);
  }

  touch(rows: RowBatch, count: number): number {
    return this.#table.touch(rows, count);
  }

  scan(prefix: RowKey, visit: RowVisitor): void {
    this.#table.scan(prefix, visit);
  }

  scanKeyGroup(keyGroup: number, visit: RowVisitor): void {
    this.#table.scanKeyGroup(keyGroup, visit);
  }
}
