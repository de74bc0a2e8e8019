import { invariant } from '../../core/internal.js';
import type { ChunkArena } from './chunk-arena.js';
import {
  ROW_KEY_LENGTH,
  ROW_PREFIX_LENGTH,
  ROW_REPLACED,
  ROW_SIZE,
  ROW_SIZE_MASK,
  ROW_TABLE,
  ROW_VALUE_LENGTH,
} from './memtable-layout.js';
import type { MemtableTable } from './memtable-table.js';
import type { RowBlockWriter } from './row-block-writer.js';

/** Which rows of a chunk are wanted, and how they are written. */
export interface ChunkRowChoice {
  /** Rows that a later generation than this one has replaced count as not replaced; Infinity: only the latest. */
  readonly until: number;
  readonly tombstones: boolean;
  /** `lmdb`: a row of an ordered table keeps the length of its prefix behind its value (lmdb-rows.ts). */
  readonly form: 'file' | 'lmdb';
}

/** Where chunks' rows lie, and the tables by number. */
export interface ChunkRowSource {
  readonly arena: ChunkArena;
  readonly tables: readonly MemtableTable[];
}

/**
 * Writes rows of a chunk to a block, from a word of the chunk on, until the block is full. Returns the word to
 * go on at, or -1 at the end of the chunk.
 */
export function writeChunkRows(
  { arena, tables }: ChunkRowSource,
  chunk: number,
  from: number,
  choice: ChunkRowChoice,
  block: RowBlockWriter,
): number {
  const { words, bytes } = arena;
  const start = chunk << arena.chunkShift;
  const end = arena.end[chunk] ?? 0;
  let at = from;
  while (at < end) {
    if (block.isFull) return at;
    const ref = start + at;
    at += (words[ref + ROW_SIZE] ?? 0) & ROW_SIZE_MASK;
    const replaced = words[ref + ROW_REPLACED] ?? 0;
    const valueLength = (words[ref + ROW_VALUE_LENGTH] ?? 0) - 1;
    if (replaced !== 0 && replaced <= choice.until) continue;
    if (valueLength < 0 && !choice.tombstones) continue;
    const word = words[ref + ROW_TABLE] ?? 0;
    const table = tables[word >>> 16];
    if (table === undefined) continue;
    const keyLength = words[ref + ROW_KEY_LENGTH] ?? 0;
    const key = (ref + table.headerWords) << 2;
    const prefixLength = table.ordered ? (words[ref + ROW_PREFIX_LENGTH] ?? 0) : -1;
    const inLmdb = choice.form === 'lmdb';
    block.beginRow(table.number, word & 0xffff, keyLength, inLmdb ? -1 : prefixLength);
    const trailer = inLmdb ? prefixLength : -1;
    if (valueLength < 0) block.endDeletedRow(bytes, key, keyLength);
    else block.endRow(bytes, key, keyLength, bytes, key + keyLength, valueLength, trailer);
  }
  return -1;
}

/** Visits a chunk's rows that are the latest version. The visitor may retire the row that it is shown. */
export function visitLatestRows(
  { arena, tables }: ChunkRowSource,
  chunk: number,
  visit: (ref: number, table: MemtableTable) => void,
): void {
  const { words } = arena;
  let ref = chunk << arena.chunkShift;
  const limit = ref + (arena.end[chunk] ?? 0);
  while (ref < limit) {
    const size = (words[ref + ROW_SIZE] ?? 0) & ROW_SIZE_MASK;
    const table = tables[(words[ref + ROW_TABLE] ?? 0) >>> 16];
    invariant(table !== undefined && size > 0, 'a row belongs to a table', { ref, chunk });
    if (words[ref + ROW_REPLACED] === 0) visit(ref, table);
    ref += size;
  }
}
