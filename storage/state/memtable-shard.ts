import { invariant, type KeyGroupRange, type RowBatch, rowHash } from '../../core/internal.js';
import type { ChunkArena } from './chunk-arena.js';
import { ROW_PREFIX_LENGTH } from './memtable-layout.js';
import type { MemtableTable } from './memtable-table.js';
import { PrefixIndex } from './prefix-index.js';
import { RowIndex } from './row-index.js';

/** Key groups share an index where there are more of them. */
const SHARDS_MAX = 128;

/**
 * The index of the rows of some key groups. Small ones grow in small steps: no put ever waits for a million
 * rows to be hashed again.
 *
 * Invariants: `prefixes` covers the rows in `rows` that have a prefix; `prefixedRows` counts them.
 */
export class MemtableShard {
  readonly rows = new RowIndex();
  readonly prefixes = new PrefixIndex();
  prefixedRows = 0;

  /** Adds a row that has a prefix to the prefix index; it is in `rows` already. */
  addPrefixed(ref: number, hash: number, arena: ChunkArena, tables: readonly MemtableTable[]): void {
    this.prefixedRows++;
    this.#add(ref, hash, arena, tables);
    // Rows leave without a word to the prefix index; it is made anew before such hashes prevail.
    if (this.prefixes.added <= 2 * this.prefixedRows + 64) return;
    this.prefixes.clear();
    const { slots } = this.rows;
    for (let at = 0; at < slots.length; at += 2) {
      const other = slots[at + 1] ?? 0;
      if (other !== 0) this.#add(other, slots[at] ?? 0, arena, tables);
    }
  }

  #add(ref: number, hash: number, arena: ChunkArena, tables: readonly MemtableTable[]): void {
    const table = tables[(arena.words[ref] ?? 0) >>> 16];
    if (!table?.ordered) return;
    const prefixLength = arena.words[ref + ROW_PREFIX_LENGTH] ?? 0;
    if (prefixLength === 0) return;
    const start = (ref + table.headerWords) << 2;
    this.prefixes.add((rowHash(arena.bytes, start, prefixLength) ^ table.salt) | 0, hash);
  }
}

/** The shards of a range of key groups. */
export class ShardMap {
  readonly #start: number;
  readonly #shards: MemtableShard[] = [];
  readonly #shardOf: Uint16Array;

  constructor({ start, end }: KeyGroupRange) {
    const groups = end - start + 1;
    const count = Math.min(groups, SHARDS_MAX);
    for (let i = 0; i < count; i++) this.#shards.push(new MemtableShard());
    this.#start = start;
    this.#shardOf = Uint16Array.from({ length: groups }, (_, group) => Math.floor((group * count) / groups));
  }

  of(keyGroup: number): MemtableShard {
    const shard = this.#shards[this.#shardOf[keyGroup - this.#start] ?? -1];
    if (shard === undefined) invariant(false, 'a row lies in a key group of its store', { keyGroup });
    return shard;
  }

  /** Of a table with this salt, whose rows lie in `words`: see Memtable.touch. */
  touch({ hashes, keyGroups }: RowBatch, count: number, salt: number, words: Int32Array): number {
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const { slots, mask } = this.of(keyGroups[i] ?? 0).rows;
      seen ^= words[slots[((((hashes[i] ?? 0) ^ salt) << 1) & mask) + 1] ?? 0] ?? 0;
    }
    return seen;
  }

  get bytes(): number {
    let sum = 0;
    for (const shard of this.#shards) sum += shard.rows.bytes + shard.prefixes.bytes;
    return sum;
  }
}
