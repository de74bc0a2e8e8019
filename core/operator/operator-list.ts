import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import type { CodecFactory, RecordCodec } from '../serde/record-codec.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import { badBytes } from '../serde/varint.js';
import { itemDecoder, type StoredItems, storedItemsType } from './stored-items.js';
import type { OperatorContext } from './stream-operator.js';

/** Operator state by name: lists of plain data, each item encoded apart. Not for the record path. */
export class OperatorLists {
  readonly #codecs: CodecFactory;
  readonly #codec: RecordCodec<unknown>;
  readonly #restored: Readonly<Record<string, OperatorListHandle>>;

  constructor(context: OperatorContext) {
    this.#codecs = context.codecs;
    this.#codec = context.codecs.codecFor(types.dynamic());
    this.#restored = context.restored?.lists ?? {};
  }

  /** The items that the checkpoint holds under the name; none at a start from the beginning. */
  restored(name: string): unknown[] {
    const list = Object.hasOwn(this.#restored, name) ? this.#restored[name] : undefined;
    return (list?.items ?? []).map((bytes) => decodePlain(this.#codec, bytes));
  }

  /**
   * The items of a list whose type may be declared; what was stored as another type is made of that.
   *
   * @throws MillraceError MR2103 if that cannot be
   */
  restoredItems<T>(items: StoredItems<T>): T[] {
    return Object.entries(this.#restored).flatMap(([key, list]) => {
      const stored = storedItemsType(items.name, key);
      if (stored === undefined || list.items.length === 0) return [];
      const decode = itemDecoder(stored, items, this.#codecs);
      return list.items.map((bytes) => decode(new ByteReader(bytes)));
    });
  }

  /** By {@link itemsKey}. */
  encodeItems<T>(
    mode: OperatorListHandle['mode'],
    items: StoredItems<T>,
    values: readonly T[],
  ): OperatorListHandle {
    const codec = this.#codecs.codecFor(items.type ?? (types.dynamic() as TypeDescriptor<T>));
    return { mode, items: values.map((value) => encodePlain(codec, value)) };
  }

  encode(mode: OperatorListHandle['mode'], items: readonly unknown[]): OperatorListHandle {
    return { mode, items: items.map((item) => encodePlain(this.#codec, item)) };
  }
}

/** The bytes of one value, in an array of their own. */
export function encodePlain<T>(codec: RecordCodec<T>, value: T): Uint8Array {
  const writer = new ByteWriter();
  codec.encode(value, writer);
  return writer.bytes.slice(writer.mark, writer.position);
}

/** @throws MillraceError MR2003 for bytes that hold no value, or more than one */
export function decodePlain(codec: RecordCodec<unknown>, bytes: Uint8Array): unknown {
  const input = new ByteReader(bytes);
  const value = codec.decode(input);
  if (input.position !== bytes.length) throw badBytes(input.position, 'more follows than one value');
  return value;
}
