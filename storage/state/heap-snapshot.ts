import type { KeyedSnapshot, KeyedStateHandle, SnapshotWriter } from '../../core/internal.js';
import type { ExpiredRows } from './expired-rows.js';
import type { HeapChanges, HeapRow, HeapShard } from './heap-shard.js';
import { bytesOf } from './heap-table.js';
import type { RowFileTable } from './row-file-layout.js';
import { RowFileWriter, snapshotError } from './row-file-writer.js';

/** What was frozen: rows of shards, to be written in this order; later ones replace earlier ones. */
export interface FrozenShard {
  readonly shard: HeapShard;
  /** Asked when this shard's turn comes. */
  rows(): Iterable<[string, HeapRow | undefined]>;
}

export interface FrozenHeap {
  readonly checkpointId: number;
  readonly purpose: 'base' | 'increment';
  readonly tables: readonly RowFileTable[];
  /** Undefined: all rows are written. */
  readonly expired: ExpiredRows | undefined;
  readonly shards: readonly FrozenShard[];
  /** The handle of a snapshot whose new file is this one, or that needed none. */
  handleWith(file: Awaited<ReturnType<RowFileWriter['finish']>>): KeyedStateHandle;
  release(): void;
}

/** Writes frozen rows out, a block at a time, while the store goes on changing. */
export class HeapSnapshot implements KeyedSnapshot {
  readonly #frozen: FrozenHeap;
  #discarded = false;

  constructor(frozen: FrozenHeap) {
    this.#frozen = frozen;
  }

  async write(writer: SnapshotWriter): Promise<KeyedStateHandle> {
    const { checkpointId, purpose, tables, expired } = this.#frozen;
    const file = new RowFileWriter(writer, purpose, tables, expired);
    try {
      for (const { shard, rows } of this.#frozen.shards) {
        for (const [key, row] of rows()) {
          addRow(file, shard, key, row);
          if (file.block.isFull) await file.flush();
        }
      }
      return this.#frozen.handleWith(await file.finish());
    } catch (error) {
      await file.abandon();
      throw snapshotError(error, checkpointId);
    }
  }

  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#frozen.release();
  }
}

function addRow(file: RowFileWriter, shard: HeapShard, key: string, row: HeapRow | undefined): void {
  const bytes = bytesOf(key);
  const prefixLength = shard.isOrdered ? (row?.prefixLength ?? 0) : -1;
  file.block.beginRow(shard.table, shard.keyGroup, bytes.length, prefixLength);
  if (row === undefined) file.block.endDeletedRow(bytes, 0, bytes.length);
  else file.block.endRow(bytes, 0, bytes.length, row.value, 0, row.value.length);
}

/** The rows of one generation's changes of one shard. */
export function frozenChanges(shard: HeapShard, changes: HeapChanges): FrozenShard {
  return { shard, rows: () => changes };
}

/** All rows of a shard as they are now, whatever becomes of it until they are written. */
export function frozenRows(shard: HeapShard, undo: HeapChanges): FrozenShard {
  shard.beginUndo(undo);
  return {
    shard,
    rows: () => {
      const rows = shard.rowsBefore(undo);
      shard.endUndo(undo);
      return rows;
    },
  };
}
