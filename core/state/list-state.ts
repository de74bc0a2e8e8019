import { invariant } from '../base/invariant.js';
import type { StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import type { RecordCodec } from '../serde/record-codec.js';
import type { KeyContext, StateNamespace } from './key-context.js';
import type { StateRow } from './state-row.js';
import { appendTimeOfWriting, TIMED_BYTES } from './timed-codec.js';

/**
 * A list per key. What `get` returns is a private copy.
 *
 * @example
 * ```ts
 * const seen = ctx.getListState(new ListStateDescriptor('seen', types.string));
 * seen.add('a');
 * if (seen.get().length >= 100) seen.clear();
 * ```
 */
export interface ListState<T> {
  /** The elements in the order in which they were added; empty if there are none. */
  get(): T[];
  /** Appends one element; does not depend on the length of the list. */
  add(element: T): void;
  addAll(elements: Iterable<T>): void;
  /** Replaces the whole list. */
  update(elements: Iterable<T>): void;
  clear(): void;
}

/**
 * A {@link ListState} kept as a row with the length, and a row per element under its index. Where elements
 * end, the row with the length begins with a time as they do: that of the last writing.
 *
 * Invariant: the element rows of a (key, namespace) are exactly those of index 0 to length - 1, but for such as
 * had expired when what was restored was written; a list of length 0 has no row at all.
 */
export class KeyedListState<T> implements ListState<T> {
  readonly #keys: KeyContext;
  readonly #namespace: StateNamespace;
  readonly #table: StateTable;
  readonly #codec: RecordCodec<T>;
  readonly #wallMs: (() => number) | undefined;
  readonly #reader = new ByteReader();
  readonly #writer = new ByteWriter(64);

  /** `wallMs`: of a list whose elements end. */
  constructor(
    keys: KeyContext,
    namespace: StateNamespace,
    table: StateTable,
    codec: RecordCodec<T>,
    wallMs?: () => number,
  ) {
    this.#keys = keys;
    this.#namespace = namespace;
    this.#table = table;
    this.#codec = codec;
    this.#wallMs = wallMs;
  }

  get(): T[] {
    const length = this.#length();
    const elements: T[] = [];
    for (let index = 0; index < length; index++) {
      const found = this.#table.get(this.#elementRow(index), this.#reader);
      if (found) elements.push(this.#codec.decode(this.#reader));
      else invariant(this.#wallMs !== undefined, 'every index has an element', { index, length });
    }
    return elements;
  }

  add(element: T): void {
    const length = this.#length();
    this.#putElement(length, element);
    this.#putLength(length + 1);
  }

  addAll(elements: Iterable<T>): void {
    let length = this.#length();
    for (const element of elements) this.#putElement(length++, element);
    if (length > 0) this.#putLength(length);
  }

  update(elements: Iterable<T>): void {
    const before = this.#length();
    let length = 0;
    for (const element of elements) this.#putElement(length++, element);
    this.#deleteElements(length, before);
    if (length > 0) this.#putLength(length);
    else if (before > 0) this.#table.delete(this.#keys.rowOf(this.#namespace));
  }

  clear(): void {
    const length = this.#length();
    if (length === 0) return;
    this.#deleteElements(0, length);
    this.#table.delete(this.#keys.rowOf(this.#namespace));
  }

  #length(): number {
    const reader = this.#reader;
    if (!this.#table.get(this.#keys.rowOf(this.#namespace), reader)) return 0;
    return reader.view.getUint32(
      this.#wallMs === undefined ? reader.position : reader.position + TIMED_BYTES,
    );
  }

  #putLength(length: number): void {
    const writer = this.#writer;
    writer.clear();
    if (this.#wallMs !== undefined) appendTimeOfWriting(this.#wallMs(), writer);
    writer.reserve(4);
    writer.view.setUint32(writer.position, length);
    writer.position += 4;
    this.#table.put(this.#keys.rowOf(this.#namespace), writer, 0);
  }

  #putElement(index: number, element: T): void {
    const writer = this.#writer;
    writer.clear();
    this.#codec.encode(element, writer);
    this.#table.put(this.#elementRow(index), writer, 0);
  }

  #deleteElements(from: number, to: number): void {
    for (let index = from; index < to; index++) this.#table.delete(this.#elementRow(index));
  }

  #elementRow(index: number): StateRow {
    const row = this.#keys.elementRowOf(this.#namespace);
    const out = row.beginElement();
    out.reserve(4);
    out.view.setUint32(out.position, index);
    out.position += 4;
    row.seal();
    return row;
  }
}
