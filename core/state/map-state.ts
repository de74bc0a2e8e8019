import type { StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { decodeKey } from '../serde/key-decoding.js';
import { encodeKey } from '../serde/key-encoding.js';
import type { RecordCodec } from '../serde/record-codec.js';
import type { KeyContext, StateNamespace } from './key-context.js';
import { appendBytes, StateRow } from './state-row.js';

/**
 * A map per key. What it returns are private copies. Keys, values and entries come in the order of the keys'
 * canonical bytes (numbers as numbers, texts by code point), which is the same on every run.
 *
 * @example
 * ```ts
 * const perPage = ctx.getMapState(new MapStateDescriptor('perPage', types.string, types.int32));
 * perPage.put('/home', (perPage.get('/home') ?? 0) + 1);
 * for (const [page, visits] of perPage.entries()) console.log(page, visits);
 * ```
 */
export interface MapState<K, V> {
  get(key: K): V | undefined;
  put(key: K, value: V): void;
  has(key: K): boolean;
  /** True if there was such an entry. */
  delete(key: K): boolean;
  keys(): K[];
  values(): V[];
  entries(): [K, V][];
  isEmpty(): boolean;
  clear(): void;
}

/** A {@link MapState} kept as a row per entry. */
export class KeyedMapState<K, V> implements MapState<K, V> {
  readonly #keys: KeyContext;
  readonly #namespace: StateNamespace;
  readonly #table: StateTable;
  readonly #codec: RecordCodec<V>;
  readonly #reader = new ByteReader();
  readonly #writer = new ByteWriter(64);
  /** Of the entry that a scan shows, while it is being removed. */
  readonly #shownRow = new StateRow();

  constructor(keys: KeyContext, namespace: StateNamespace, table: StateTable, codec: RecordCodec<V>) {
    this.#keys = keys;
    this.#namespace = namespace;
    this.#table = table;
    this.#codec = codec;
  }

  get(key: K): V | undefined {
    if (!this.#table.get(this.#entryRow(key), this.#reader)) return undefined;
    return this.#codec.decode(this.#reader);
  }

  put(key: K, value: V): void {
    const writer = this.#writer;
    writer.clear();
    this.#codec.encode(value, writer);
    this.#table.put(this.#entryRow(key), writer, 0);
  }

  has(key: K): boolean {
    return this.#table.get(this.#entryRow(key), this.#reader);
  }

  delete(key: K): boolean {
    return this.#table.delete(this.#entryRow(key));
  }

  keys(): K[] {
    const found: K[] = [];
    this.#scan((key) => found.push(this.#decodeKey(key)) > 0);
    return found;
  }

  values(): V[] {
    const found: V[] = [];
    this.#scan((_key, value) => found.push(this.#decodeValue(value)) > 0);
    return found;
  }

  entries(): [K, V][] {
    const found: [K, V][] = [];
    this.#scan((key, value) => found.push([this.#decodeKey(key), this.#decodeValue(value)]) > 0);
    return found;
  }

  isEmpty(): boolean {
    let empty = true;
    this.#scan(() => {
      empty = false;
      return false;
    });
    return empty;
  }

  /** Shows the entries in order until `visit` returns false; it must not write. Values are read when asked for. */
  scan(visit: (key: K, value: () => V) => boolean): void {
    this.#scan((key, value) => visit(this.#decodeKey(key), () => this.#decodeValue(value)));
  }

  clear(): void {
    const { keyGroup, length } = this.#keys.rowOf(this.#namespace);
    const row = this.#shownRow;
    this.#scan((key) => {
      appendBytes(row.begin(keyGroup), key, 0, key.length);
      row.prefixLength = length;
      row.seal();
      this.#table.delete(row);
      return true;
    });
  }

  #scan(visit: (key: Uint8Array, value: Uint8Array) => boolean): void {
    this.#table.scan(this.#keys.rowOf(this.#namespace), visit);
  }

  #entryRow(key: K): StateRow {
    const row = this.#keys.elementRowOf(this.#namespace);
    encodeKey(key, row.beginElement());
    row.seal();
    return row;
  }

  #decodeKey(rowKey: Uint8Array): K {
    const reader = new ByteReader(rowKey);
    reader.position = this.#keys.rowOf(this.#namespace).length;
    return decodeKey(reader) as K;
  }

  #decodeValue(value: Uint8Array): V {
    return this.#codec.decode(new ByteReader(value));
  }
}
