import { MillraceError } from '../base/millrace-error.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { decodeKey } from '../serde/key-decoding.js';
import { encodeKey } from '../serde/key-encoding.js';
import type { RecordCodec } from '../serde/record-codec.js';

/**
 * A map that every subtask holds whole. Values are shared with the state: they must not be changed, only
 * replaced. Entries come in the order in which their keys were first put.
 */
export interface ReadOnlyBroadcastState<K, V> {
  get(key: K): V | undefined;
  has(key: K): boolean;
  keys(): K[];
  values(): V[];
  entries(): [K, V][];
  isEmpty(): boolean;
}

/**
 * Changed by what comes on a broadcast stream. Every subtask sees the same records there, though in no common
 * order with those of the other stream, and must do the same with them: what is put may not depend on keys,
 * timers or chance.
 */
export interface BroadcastState<K, V> extends ReadOnlyBroadcastState<K, V> {
  put(key: K, value: V): void;
  putAll(entries: Iterable<readonly [K, V]>): void;
  /** True if there was such an entry. */
  delete(key: K): boolean;
  clear(): void;
}

/**
 * A {@link BroadcastState} in memory. Keys are told apart as keyed state tells them, by their canonical bytes.
 *
 * Invariant: an object among the keys of `#entries` is the value of its bytes in `#objects`, and the other way.
 */
export class HeapBroadcastState<K, V> implements BroadcastState<K, V> {
  readonly #codec: RecordCodec<V>;
  readonly #entries = new Map<K, V>();
  /** Keys that are objects, by their canonical bytes as text. */
  readonly #objects = new Map<string, K>();
  readonly #writer = new ByteWriter(64);

  constructor(codec: RecordCodec<V>) {
    this.#codec = codec;
  }

  get(key: K): V | undefined {
    return this.#entries.get(this.#known(key));
  }

  has(key: K): boolean {
    return this.#entries.has(this.#known(key));
  }

  keys(): K[] {
    return [...this.#entries.keys()];
  }

  values(): V[] {
    return [...this.#entries.values()];
  }

  entries(): [K, V][] {
    return [...this.#entries];
  }

  isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  put(key: K, value: V): void {
    const known = this.#known(key);
    if (known === key && typeof key === 'object' && key !== null) this.#objects.set(this.#textOf(key), key);
    else if (typeof key !== 'object') this.#textOf(key);
    this.#entries.set(known, value);
  }

  putAll(entries: Iterable<readonly [K, V]>): void {
    for (const [key, value] of entries) this.put(key, value);
  }

  delete(key: K): boolean {
    const known = this.#known(key);
    if (typeof key === 'object' && key !== null) this.#objects.delete(this.#textOf(key));
    return this.#entries.delete(known);
  }

  clear(): void {
    this.#entries.clear();
    this.#objects.clear();
  }

  /** Each entry as bytes of its own: the key, then the value. */
  encode(): Uint8Array[] {
    const writer = this.#writer;
    return [...this.#entries].map(([key, value]) => {
      writer.clear();
      encodeKey(key, writer);
      this.#codec.encode(value, writer);
      return writer.bytes.slice(writer.mark, writer.position);
    });
  }

  restore(items: readonly Uint8Array[]): void {
    for (const item of items) {
      const reader = new ByteReader(item);
      const key = decodeKey(reader) as K;
      this.put(key, this.#codec.decode(reader));
    }
  }

  /** The key that stands for this one in `#entries`: itself unless an equal object does. */
  #known(key: K): K {
    if (typeof key !== 'object' || key === null || this.#objects.size === 0) return key;
    return this.#objects.get(this.#textOf(key)) ?? key;
  }

  /** @throws MillraceError MR2004 for a key without canonical form */
  #textOf(key: K): string {
    const writer = this.#writer;
    writer.clear();
    encodeKey(key, writer);
    let text = '';
    for (let i = writer.mark; i < writer.position; i++) text += String.fromCharCode(writer.bytes[i] ?? 0);
    return text;
  }
}

/** Broadcast state as the other stream sees it. Code without types may try to change it all the same. */
export class BroadcastStateView<K, V> implements ReadOnlyBroadcastState<K, V> {
  readonly #state: ReadOnlyBroadcastState<K, V>;
  readonly #name: string;

  constructor(state: ReadOnlyBroadcastState<K, V>, name: string) {
    this.#state = state;
    this.#name = name;
  }

  get(key: K): V | undefined {
    return this.#state.get(key);
  }

  has(key: K): boolean {
    return this.#state.has(key);
  }

  keys(): K[] {
    return this.#state.keys();
  }

  values(): V[] {
    return this.#state.values();
  }

  entries(): [K, V][] {
    return this.#state.entries();
  }

  isEmpty(): boolean {
    return this.#state.isEmpty();
  }

  put(): never {
    return this.#refuse('put');
  }

  putAll(): never {
    return this.#refuse('putAll');
  }

  delete(): never {
    return this.#refuse('delete');
  }

  clear(): never {
    return this.#refuse('clear');
  }

  #refuse(method: string): never {
    throw new MillraceError('MR2011', `${method} was called on the broadcast state '${this.#name}'.`, {
      why: 'The subtasks see different records of the stream that is not broadcast, so their copies would part.',
      hint: 'Change it in processBroadcastElement.',
    });
  }
}
