import { murmur3 } from '../../core/internal.js';
import type { EntryVisitor, LmdbEnvironment, LmdbSnapshot } from './lmdb-environment.js';
import { compareBytes } from './row-bytes.js';

/**
 * Rows of keyed state as entries of an LMDB environment.
 *
 * ```
 *   short row   01 | table u16 | key group u16 | row key                            -> the value
 *   long row    01 | table u16 | key group u16 | head of the row key | hash 128     -> bucket
 *
 *   bucket      (key length u32 | value length u32 | row key | value)*
 * ```
 *
 * The value of a row of an ordered table is followed by the length of the row's prefix (u32, little endian).
 *
 * Numbers are big endian, so entries sort as rows do. LMDB's keys end at 1978 bytes: a row key of more than
 * HEAD_BYTES is stored under its head and a hash, with the whole key in the value; rows that agree in both
 * share a bucket. Only a long row's entry has a key of exactly LONG_KEY_BYTES.
 */
const ROW = 1;
const PREFIX_BYTES = 5;
const HEAD_BYTES = 1900;
const HASH_BYTES = 16;
const LONG_KEY_BYTES = PREFIX_BYTES + HEAD_BYTES + HASH_BYTES;

/** Writes 16 bytes at `at`. */
export type LongKeyHash = (key: Uint8Array, into: DataView, at: number) => void;

const murmur128: LongKeyHash = (key, into, at) => {
  for (let i = 0; i < 4; i++) into.setUint32(at + 4 * i, murmur3(key, 0, key.length, i + 1));
};

/** What can be scanned: the environment, or a moment of it. */
type Scannable = Pick<LmdbSnapshot, 'scan'>;

/** A row as it is found. Valid only during the visit. */
export type LmdbRowVisitor = (table: number, keyGroup: number, key: Uint8Array, value: Uint8Array) => boolean;

export interface LmdbRowRange {
  readonly table: number;
  readonly keyGroup: number;
  readonly prefix: Uint8Array;
  /** A row key with this prefix; undefined: from the first row on. */
  readonly after: Uint8Array | undefined;
}

export class LmdbRows {
  readonly #environment: LmdbEnvironment;
  readonly #hash: LongKeyHash;

  constructor(environment: LmdbEnvironment, hash: LongKeyHash = murmur128) {
    this.#environment = environment;
    this.#hash = hash;
  }

  /** The value's bytes, valid until the next call. */
  get(table: number, keyGroup: number, key: Uint8Array): Uint8Array | undefined {
    const stored = this.#environment.get(this.#keyOf(table, keyGroup, key));
    if (stored === undefined || key.length <= HEAD_BYTES) return stored;
    let found: Uint8Array | undefined;
    visitBucket(stored, (other, value) => {
      if (!sameBytes(other, key)) return true;
      found = value;
      return false;
    });
    return found;
  }

  /** In a transaction; `value` undefined removes the row. */
  put(table: number, keyGroup: number, key: Uint8Array, value: Uint8Array | undefined): void {
    const entry = this.#keyOf(table, keyGroup, key);
    const stored = key.length <= HEAD_BYTES ? value : this.#bucketWith(entry, key, value);
    if (stored === undefined) this.#environment.delete(entry);
    else this.#environment.put(entry, stored);
  }

  /**
   * Visits the rows of a table in a key group whose key begins with `prefix` and is above `after`, ascending by
   * key.
   */
  scan(
    { table, keyGroup, prefix, after }: LmdbRowRange,
    visit: (key: Uint8Array, value: Uint8Array) => boolean,
  ): void {
    const start = rowPrefix(table, keyGroup, (after ?? prefix).subarray(0, HEAD_BYTES));
    const end = successor(rowPrefix(table, keyGroup, prefix.subarray(0, HEAD_BYTES)));
    const long = new LongRows((key, value) => !isAbove(key, after) || visit(key, value));
    let goesOn = true;
    this.#environment.scan(start, end, (entry, stored) => {
      if (entry.length === LONG_KEY_BYTES) {
        goesOn = long.add(entry, stored, prefix);
      } else {
        const key = entry.subarray(PREFIX_BYTES);
        const isMeant = prefix.length <= HEAD_BYTES && isAbove(key, after);
        goesOn = long.flush() && (!isMeant || visit(key, stored));
      }
      return goesOn;
    });
    if (goesOn) long.flush();
  }

  /** Visits the rows from `from` on (an entry's key, or undefined), in no particular order of long keys. */
  visitAll(moment: Scannable, from: Uint8Array | undefined, visit: LmdbRowVisitor, more: EntryVisitor): void {
    const start = from ?? Uint8Array.of(ROW);
    moment.scan(start, Uint8Array.of(ROW + 1), (entry, stored) => {
      if (!more(entry, stored)) return false;
      const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
      const table = view.getUint16(1);
      const keyGroup = view.getUint16(3);
      if (entry.length !== LONG_KEY_BYTES)
        return visit(table, keyGroup, entry.subarray(PREFIX_BYTES), stored);
      visitBucket(stored, (key, value) => visit(table, keyGroup, key, value));
      return true;
    });
  }

  #keyOf(table: number, keyGroup: number, key: Uint8Array): Uint8Array {
    if (key.length <= HEAD_BYTES) return rowPrefix(table, keyGroup, key);
    const entry = new Uint8Array(LONG_KEY_BYTES);
    entry.set(rowPrefix(table, keyGroup, key.subarray(0, HEAD_BYTES)));
    this.#hash(key, new DataView(entry.buffer), PREFIX_BYTES + HEAD_BYTES);
    return entry;
  }

  /** The bucket with this row put into it, or taken out; undefined if nothing is left. */
  #bucketWith(entry: Uint8Array, key: Uint8Array, value: Uint8Array | undefined): Uint8Array | undefined {
    const rows: (readonly [Uint8Array, Uint8Array])[] = [];
    const stored = this.#environment.get(entry);
    if (stored !== undefined) {
      visitBucket(stored, (other, known) => {
        if (!sameBytes(other, key)) rows.push([other, known]);
        return true;
      });
    }
    if (value !== undefined) rows.push([key, value]);
    if (rows.length === 0) return undefined;
    const bucket = new Uint8Array(rows.reduce((sum, row) => sum + 8 + row[0].length + row[1].length, 0));
    const view = new DataView(bucket.buffer);
    let at = 0;
    for (const [rowKey, rowValue] of rows) {
      view.setUint32(at, rowKey.length);
      view.setUint32(at + 4, rowValue.length);
      bucket.set(rowKey, at + 8);
      bucket.set(rowValue, at + 8 + rowKey.length);
      at += 8 + rowKey.length + rowValue.length;
    }
    return bucket;
  }
}

/** Puts long rows, which come by hash, into the order of their keys: those of one head stand together. */
class LongRows {
  readonly #visit: (key: Uint8Array, value: Uint8Array) => boolean;
  #head: Uint8Array | undefined = undefined;
  #rows: (readonly [Uint8Array, Uint8Array])[] = [];

  constructor(visit: (key: Uint8Array, value: Uint8Array) => boolean) {
    this.#visit = visit;
  }

  add(entry: Uint8Array, bucket: Uint8Array, prefix: Uint8Array): boolean {
    const head = entry.slice(0, PREFIX_BYTES + HEAD_BYTES);
    if (this.#head !== undefined && !sameBytes(head, this.#head) && !this.flush()) return false;
    this.#head = head;
    visitBucket(bucket, (key, value) => {
      if (sameBytes(key.subarray(0, prefix.length), prefix)) this.#rows.push([key.slice(), value.slice()]);
      return true;
    });
    return true;
  }

  flush(): boolean {
    const rows = this.#rows.sort(([a], [b]) => compareBytes(a, 0, a.length, b, 0, b.length));
    this.#rows = [];
    this.#head = undefined;
    for (const [key, value] of rows) if (!this.#visit(key, value)) return false;
    return true;
  }
}

function isAbove(key: Uint8Array, after: Uint8Array | undefined): boolean {
  return after === undefined || compareBytes(key, 0, key.length, after, 0, after.length) > 0;
}

function visitBucket(bucket: Uint8Array, visit: (key: Uint8Array, value: Uint8Array) => boolean): void {
  const view = new DataView(bucket.buffer, bucket.byteOffset, bucket.byteLength);
  let at = 0;
  while (at < bucket.length) {
    const key = at + 8;
    const value = key + view.getUint32(at);
    const end = value + view.getUint32(at + 4);
    if (!visit(bucket.subarray(key, value), bucket.subarray(value, end))) return;
    at = end;
  }
}

function rowPrefix(table: number, keyGroup: number, key: Uint8Array): Uint8Array {
  const entry = new Uint8Array(PREFIX_BYTES + key.length);
  entry[0] = ROW;
  entry[1] = table >>> 8;
  entry[2] = table;
  entry[3] = keyGroup >>> 8;
  entry[4] = keyGroup;
  entry.set(key, PREFIX_BYTES);
  return entry;
}

/** The least key that is above all keys with this prefix, which does not begin with ff. */
function successor(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (prefix[length - 1] === 0xff) length--;
  const end = prefix.slice(0, length);
  end[length - 1] = (end[length - 1] ?? 0) + 1;
  return end;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, 0, a.length, b, 0, b.length) === 0;
}
