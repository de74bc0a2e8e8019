import type { StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { placeOf } from '../serde/interpreted-codec.js';
import type { RecordCodec } from '../serde/record-codec.js';
import { mismatch } from '../serde/type-mismatch.js';
import type { KeyContext, StateNamespace } from './key-context.js';

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
  readonly #keys: KeyContext;
  readonly #namespace: StateNamespace;
  readonly #table: StateTable;
  readonly #codec: RecordCodec<T>;
  readonly #reader = new ByteReader();
  readonly #writer = new ByteWriter(64);

  constructor(keys: KeyContext, namespace: StateNamespace, table: StateTable, codec: RecordCodec<T>) {
    this.#keys = keys;
    this.#namespace = namespace;
    this.#table = table;
    this.#codec = codec;
  }

  value(): T | undefined {
    const reader = this.#reader;
    if (!this.#table.get(this.#keys.rowOf(this.#namespace), reader)) return undefined;
    return this.#codec.decode(reader);
  }

  update(value: T | undefined): void {
    if (value === undefined) {
      this.clear();
      return;
    }
    const writer = this.#writer;
    writer.clear();
    this.#codec.encode(value, writer);
    this.#table.put(this.#keys.rowOf(this.#namespace), writer, 0);
  }

  clear(): void {
    this.#table.delete(this.#keys.rowOf(this.#namespace));
  }
}

/** A {@link ValueState} of `types.int32`: numbers go as they are. hot path: bench/scenarios/keyed-count. */
export class KeyedInt32State implements ValueState<number> {
  readonly #keys: KeyContext;
  readonly #namespace: StateNamespace;
  readonly #table: StateTable;

  constructor(keys: KeyContext, namespace: StateNamespace, table: StateTable) {
    this.#keys = keys;
    this.#namespace = namespace;
    this.#table = table;
  }

  value(): number | undefined {
    return this.#table.getInt32(this.#keys.rowOf(this.#namespace));
  }

  update(value: number | undefined): void {
    if (typeof value === 'number' && (value | 0) === value) {
      this.#table.putInt32(this.#keys.rowOf(this.#namespace), value | 0);
      return;
    }
    if (value !== undefined) throw mismatch(placeOf(''), { kind: 'int32' }, value);
    this.clear();
  }

  clear(): void {
    this.#table.delete(this.#keys.rowOf(this.#namespace));
  }
}
