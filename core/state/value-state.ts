import type { StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import type { RecordCodec } from '../serde/record-codec.js';
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
