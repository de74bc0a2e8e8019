import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import type { RecordCodec } from '../serde/record-codec.js';
import { types } from '../serde/types.js';
import type { OperatorContext } from './stream-operator.js';

/** Operator state by name: lists of plain data, each item encoded apart. Not for the record path. */
export class OperatorLists {
  readonly #codec: RecordCodec<unknown>;
  readonly #restored: Readonly<Record<string, OperatorListHandle>>;

  constructor(context: OperatorContext) {
    this.#codec = context.codecs.codecFor(types.dynamic());
    this.#restored = context.restored?.lists ?? {};
  }

  /** The items that the checkpoint holds under the name; none at a start from the beginning. */
  restored(name: string): unknown[] {
    const list = Object.hasOwn(this.#restored, name) ? this.#restored[name] : undefined;
    return (list?.items ?? []).map((bytes) => decodePlain(this.#codec, bytes));
  }

  encode(mode: OperatorListHandle['mode'], items: readonly unknown[]): OperatorListHandle {
    return { mode, items: items.map((item) => encodePlain(this.#codec, item)) };
  }
}

/** The bytes of one value, in an array of their own. */
export function encodePlain(codec: RecordCodec<unknown>, value: unknown): Uint8Array {
  const writer = new ByteWriter();
  codec.encode(value, writer);
  return writer.bytes.slice(writer.mark, writer.position);
}

export function decodePlain(codec: RecordCodec<unknown>, bytes: Uint8Array): unknown {
  return codec.decode(new ByteReader(bytes));
}
