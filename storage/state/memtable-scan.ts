import type { RowKey } from '../../core/internal.js';
import type { ChunkArena } from './chunk-arena.js';
import { ROW_KEY_LENGTH, ROW_TABLE, ROW_VALUE_LENGTH } from './memtable-layout.js';
import type { ShardMap } from './memtable-shard.js';
import type { MemtableTable } from './memtable-table.js';
import { compareBytes } from './row-bytes.js';

/** Finds the rows of a memtable in order. Refs are valid until the memtable may take a chunk. */
export class MemtableScan {
  readonly #arena: ChunkArena;
  readonly #shards: ShardMap;

  constructor(arena: ChunkArena, shards: ShardMap) {
    this.#arena = arena;
    this.#shards = shards;
  }

  /** Refs of the latest versions of the rows with this prefix, deleted or not, ascending by key. */
  refsOf(table: MemtableTable, prefix: RowKey): number[] {
    const { rows, prefixes } = this.#shards.of(prefix.keyGroup);
    const { slots, mask } = rows;
    const { words, bytes } = this.#arena;
    const word = table.word | prefix.keyGroup;
    const refs: number[] = [];
    const hashes = prefixes.hashesOf((prefix.hash ^ table.salt) | 0);
    rows.touch(hashes, words);
    for (const hash of hashes) {
      for (let at = (hash << 1) & mask; slots[at + 1] !== 0; at = (at + 2) & mask) {
        const ref = slots[at + 1] ?? 0;
        if (slots[at] !== hash || words[ref + ROW_TABLE] !== word) continue;
        if ((words[ref + ROW_KEY_LENGTH] ?? 0) < prefix.length) continue;
        const key = (ref + table.headerWords) << 2;
        if (compareBytes(bytes, key, prefix.length, prefix.bytes, 0, prefix.length) === 0) refs.push(ref);
      }
    }
    return this.#sorted(table, refs);
  }

  /** Refs of the latest versions of a table's rows in a key group, deleted or not, ascending by key. */
  refsOfKeyGroup(table: MemtableTable, keyGroup: number): number[] {
    const { slots } = this.#shards.of(keyGroup).rows;
    const word = table.word | keyGroup;
    const refs: number[] = [];
    for (let at = 1; at < slots.length; at += 2) {
      const ref = slots[at] ?? 0;
      if (ref !== 0 && this.#arena.words[ref + ROW_TABLE] === word) refs.push(ref);
    }
    return this.#sorted(table, refs);
  }

  keyOf(table: MemtableTable, ref: number): Uint8Array {
    const start = (ref + table.headerWords) << 2;
    return this.#arena.bytes.subarray(start, start + (this.#arena.words[ref + ROW_KEY_LENGTH] ?? 0));
  }

  /** The value of a row, or undefined if it is deleted. */
  valueOf(table: MemtableTable, ref: number): Uint8Array | undefined {
    const words = this.#arena.words;
    const length = (words[ref + ROW_VALUE_LENGTH] ?? 0) - 1;
    if (length < 0) return undefined;
    const start = ((ref + table.headerWords) << 2) + (words[ref + ROW_KEY_LENGTH] ?? 0);
    return this.#arena.bytes.subarray(start, start + length);
  }

  /** Sorts by key and drops what occurs twice. */
  #sorted(table: MemtableTable, refs: number[]): number[] {
    const { words, bytes } = this.#arena;
    const header = table.headerWords;
    refs.sort((a, b) =>
      compareBytes(
        bytes,
        (a + header) << 2,
        words[a + ROW_KEY_LENGTH] ?? 0,
        bytes,
        (b + header) << 2,
        words[b + ROW_KEY_LENGTH] ?? 0,
      ),
    );
    return refs.filter((ref, i) => ref !== refs[i - 1]);
  }
}
