import { RowForm, type StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { placeOf } from '../serde/interpreted-codec.js';
import type { RecordCodec } from '../serde/record-codec.js';
import { mismatch } from '../serde/type-mismatch.js';
import type { KeyContext, StateNamespace } from './key-context.js';
import type { StateRow } from './state-row.js';

/** hot path: a constant of this file is part of the machine code, an imported one is not. */
const OPEN = RowForm.OPEN;

/**
 * One value per key. What `value` returns is a private copy: changing it changes no state until it is
 * given to `update`.
 *
 * @example
 * ```ts
 * const count = ctx.getState(new ValueStateDescriptor('count', types.int32));
 * count.update((count.value() ?? 0) + 1);
 * ```
 */
export interface ValueState<T> {
  /** The value of the current key, or undefined if there is none. */
  value(): T | undefined;
  /** Replaces the value; undefined clears it. */
  update(value: T | undefined): void;
  clear(): void;
}

/** A {@link ValueState} kept as one row of a table. hot path: bench/scenarios/keyed-count. */
export class KeyedValueState<T> implements ValueState<T> {
  // Declared without a value: see inline-table.ts.
  declare private readonly keys: KeyContext;
  declare private readonly namespace: StateNamespace;
  declare private readonly row: StateRow;
  declare private readonly table: StateTable;
  declare private readonly codec: RecordCodec<T>;
  private readonly reader = new ByteReader();
  private readonly writer = new ByteWriter(64);

  constructor(keys: KeyContext, namespace: StateNamespace, table: StateTable, codec: RecordCodec<T>) {
    this.keys = keys;
    this.namespace = namespace;
    this.row = keys.rowObjectOf(namespace);
    this.table = table;
    this.codec = codec;
  }

  value(): T | undefined {
    const row = this.row;
    if (row.form === OPEN) this.keys.sealRow(this.namespace);
    const reader = this.reader;
    if (!this.table.get(row, reader)) return undefined;
    return this.codec.decode(reader);
  }

  update(value: T | undefined): void {
    if (value === undefined) {
      this.clear();
      return;
    }
    const writer = this.writer;
    writer.clear();
    this.codec.encode(value, writer);
    const row = this.row;
    if (row.form === OPEN) this.keys.sealRow(this.namespace);
    this.table.put(row, writer, 0);
  }

  clear(): void {
    this.table.delete(this.keys.rowOf(this.namespace));
  }
}

/**
 * A {@link ValueState} of `types.int32`: numbers go as they are. hot path: what runs for a record is kept short enough
 * to be inlined into the operator (bench/scenarios/keyed-count).
 */
export class KeyedInt32State implements ValueState<number> {
  // Declared without a value: see inline-table.ts.
  declare private readonly keys: KeyContext;
  declare private readonly namespace: StateNamespace;
  declare private readonly row: StateRow;
  declare private readonly table: StateTable;

  constructor(keys: KeyContext, namespace: StateNamespace, table: StateTable) {
    this.keys = keys;
    this.namespace = namespace;
    this.row = keys.rowObjectOf(namespace);
    this.table = table;
  }

  value(): number | undefined {
    const row = this.row;
    if (row.form === OPEN) this.keys.sealRow(this.namespace);
    return this.table.getInt32(row);
  }

  update(value: number | undefined): void {
    if (typeof value !== 'number' || (value | 0) !== value) {
      this.updateOther(value);
      return;
    }
    const row = this.row;
    if (row.form === OPEN) this.keys.sealRow(this.namespace);
    this.table.putInt32(row, value | 0);
  }

  clear(): void {
    this.table.delete(this.keys.rowOf(this.namespace));
  }

  private updateOther(value: number | undefined): void {
    if (value !== undefined) throw mismatch(placeOf(''), { kind: 'int32' }, value);
    this.clear();
  }
}
