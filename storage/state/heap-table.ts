import {
  type ByteReader,
  type ByteWriter,
  invariant,
  type KeyGroupRange,
  type RowKey,
  type RowVisitor,
  type StateTable,
  type TableOptions,
} from '../../core/internal.js';
import { type HeapRow, HeapShard } from './heap-shard.js';

/** Shared by the tables of a store. */
export interface HeapGeneration {
  /** The generation that changes belong to: one more after each freeze. */
  current: number;
  /** Rows born in this generation or later are in no snapshot that is pending or complete. */
  freshFrom: number;
}

/**
 * One table of the heap store. What `get` shows is a copy, so that no reader ever sees a later change.
 *
 * Invariant: a shard exists for each key group that ever had a row, all within the store's range.
 */
export class HeapTable implements StateTable {
  readonly name: string;
  readonly number: number;
  readonly options: TableOptions;
  readonly #keyGroups: KeyGroupRange;
  readonly #generation: HeapGeneration;
  readonly #shards: (HeapShard | undefined)[] = [];
  #copy = new Uint8Array(256);
  #copyView = new DataView(this.#copy.buffer);

  constructor(
    name: string,
    number: number,
    options: TableOptions,
    keyGroups: KeyGroupRange,
    generation: HeapGeneration,
  ) {
    this.name = name;
    this.number = number;
    this.options = options;
    this.#keyGroups = keyGroups;
    this.#generation = generation;
  }

  get(row: RowKey, into: ByteReader): boolean {
    const found = this.#shards[row.keyGroup - this.#keyGroups.start]?.get(textOf(row));
    if (found === undefined) return false;
    const value = found.value;
    if (value.length > this.#copy.length) {
      this.#copy = new Uint8Array(value.length * 2);
      this.#copyView = new DataView(this.#copy.buffer);
    }
    this.#copy.set(value);
    into.pointAt(this.#copy, this.#copyView, 0, value.length);
    return true;
  }

  put(row: RowKey, value: ByteWriter, from: number): void {
    const copy = value.bytes.slice(from, value.position);
    this.shard(row.keyGroup).put(textOf(row), copy, row.prefixLength, this.#generation.current);
  }

  getInt32(row: RowKey): number | undefined {
    const value = this.#shards[row.keyGroup - this.#keyGroups.start]?.get(textOf(row))?.value;
    if (value === undefined) return undefined;
    return new DataView(value.buffer, value.byteOffset).getInt32(0, true);
  }

  putInt32(row: RowKey, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, value, true);
    this.shard(row.keyGroup).put(textOf(row), bytes, row.prefixLength, this.#generation.current);
  }

  delete(row: RowKey): boolean {
    const shard = this.#shards[row.keyGroup - this.#keyGroups.start];
    return shard?.delete(textOf(row), this.#generation.freshFrom) ?? false;
  }

  /** Objects of the heap are for the garbage collector to place: there is nothing to gain. */
  get isLarge(): boolean {
    return false;
  }

  touch(): number {
    return 0;
  }

  scan(prefix: RowKey, visit: RowVisitor): void {
    invariant(this.options.ordered, 'only an ordered table is scanned by prefix', { table: this.name });
    const shard = this.#shards[prefix.keyGroup - this.#keyGroups.start];
    if (shard === undefined) return;
    const start = textOf(prefix);
    let key = shard.ceiling(start);
    while (key?.startsWith(start)) {
      if (!visitRow(key, shard.get(key), visit)) return;
      key = shard.higher(key);
    }
  }

  scanKeyGroup(keyGroup: number, visit: RowVisitor): void {
    const shard = this.#shards[keyGroup - this.#keyGroups.start];
    if (shard === undefined) return;
    for (const key of shard.keys()) {
      const row = shard.get(key);
      if (row !== undefined && !visitRow(key, row, visit)) return;
    }
  }

  /** The shard of a key group, made if need be. */
  shard(keyGroup: number): HeapShard {
    const { start, end } = this.#keyGroups;
    invariant(keyGroup >= start && keyGroup <= end, 'a row lies in a key group of its store', {
      keyGroup,
      start,
      end,
    });
    const shard = this.#shards[keyGroup - start];
    if (shard !== undefined) return shard;
    const made = new HeapShard(this.number, keyGroup, this.options.ordered);
    this.#shards[keyGroup - start] = made;
    return made;
  }

  /** Those that were ever used. */
  *shards(): Generator<HeapShard> {
    for (const shard of this.#shards) if (shard !== undefined) yield shard;
  }
}

function visitRow(key: string, row: HeapRow | undefined, visit: RowVisitor): boolean {
  invariant(row !== undefined, 'the sorted keys are those of the rows');
  return visit(bytesOf(key), row.value);
}

/** Bytes as text, one unit a byte: texts sort as the bytes do. */
export function latin1Of(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
}

export function bytesOf(latin1: string): Uint8Array {
  return Buffer.from(latin1, 'latin1');
}

function textOf(row: RowKey): string {
  return latin1Of(row.bytes, 0, row.length);
}
