import { ByteReader, ByteWriter, type RowMigration } from '../../core/internal.js';
import { FileRow } from './row-file-reader.js';

/** Rows of a file as they are after a migration. The same object shows every row: valid until the next one. */
export class MigratedRow {
  readonly #migration: RowMigration;
  readonly #key = new ByteReader();
  readonly #value = new ByteReader();
  readonly #writer = new ByteWriter();
  readonly #row = new FileRow();

  constructor(migration: RowMigration) {
    this.#migration = migration;
  }

  /** The same key with the new value; a deleted row stays one. */
  of(stored: FileRow): FileRow {
    const { bytes, keyStart, keyLength, valueStart, valueLength } = stored;
    if (valueLength < 0) return stored;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#key.pointAt(bytes, view, keyStart, keyStart + keyLength);
    this.#value.pointAt(bytes, view, valueStart, valueStart + valueLength);
    const writer = this.#writer;
    writer.clear();
    writer.reserve(keyLength);
    writer.bytes.set(bytes.subarray(keyStart, keyStart + keyLength), 0);
    writer.position = keyLength;
    this.#migration.migrate(this.#key, this.#value, writer);
    const row = this.#row;
    row.table = stored.table;
    row.keyGroup = stored.keyGroup;
    row.prefixLength = stored.prefixLength;
    row.bytes = writer.bytes;
    row.keyStart = 0;
    row.keyLength = keyLength;
    row.valueStart = keyLength;
    row.valueLength = writer.position - keyLength;
    return row;
  }
}
