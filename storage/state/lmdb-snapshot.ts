import type {
  KeyedSnapshot,
  KeyedStateHandle,
  SnapshotWriter,
  StateFileHandle,
} from '../../core/internal.js';
import { writeChunkRows } from './chunk-rows.js';
import type { ExpiredRows } from './expired-rows.js';
import type { InlineSnapshot } from './inline-snapshot.js';
import type { LmdbSnapshot as LmdbMoment } from './lmdb-environment.js';
import type { LmdbHome } from './lmdb-home.js';
import type { Memtable } from './memtable.js';
import type { FrozenParts, MemtableGenerations } from './memtable-generations.js';
import type { MemtableTable } from './memtable-table.js';
import { TRAILER_BYTES } from './row-block-writer.js';
import type { RowFileTable } from './row-file-layout.js';
import { RowFileWriter, snapshotError } from './row-file-writer.js';

/** What was frozen of an LMDB store. */
export interface FrozenStore {
  readonly checkpointId: number;
  readonly purpose: 'base' | 'increment';
  readonly fileTables: readonly RowFileTable[];
  /** Undefined: all rows are written. */
  readonly expired: ExpiredRows | undefined;
  readonly tables: readonly MemtableTable[];
  readonly memtable: Memtable;
  readonly generations: MemtableGenerations;
  readonly home: LmdbHome;
  readonly parts: FrozenParts;
  readonly inline: readonly InlineSnapshot[];
  /** LMDB at the moment of the freeze, if a base needs rows of it. */
  readonly moment: LmdbMoment | undefined;
  /** The handle of a snapshot whose new file is this one, or that needed none. */
  handleWith(file: StateFileHandle | undefined): KeyedStateHandle;
}

/**
 * Writes what was frozen, a block at a time, while the store goes on changing: for a base first the rows of
 * LMDB, which those of memory then replace; then the memtable's chunks; then the inline tables.
 */
export class LmdbStoreSnapshot implements KeyedSnapshot {
  readonly #frozen: FrozenStore;
  #discarded = false;

  constructor(frozen: FrozenStore) {
    this.#frozen = frozen;
  }

  async write(writer: SnapshotWriter): Promise<KeyedStateHandle> {
    const { checkpointId, purpose, fileTables, expired } = this.#frozen;
    const file = new RowFileWriter(writer, purpose, fileTables, expired);
    try {
      await this.#writeStored(file);
      await this.#writeParts(file);
      await this.#writeInline(file);
      return this.#frozen.handleWith(await file.finish());
    } catch (error) {
      await file.abandon();
      throw snapshotError(error, checkpointId);
    }
  }

  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#frozen.generations.end(this.#frozen.parts);
    for (const inline of this.#frozen.inline) inline.end();
    this.#frozen.moment?.close();
  }

  async #writeStored(file: RowFileWriter): Promise<void> {
    const { moment, home, tables } = this.#frozen;
    if (moment === undefined) return;
    let from: Uint8Array | undefined;
    for (;;) {
      let next: Uint8Array | undefined;
      home.rows.visitAll(
        moment,
        from,
        (table, keyGroup, key, value) => {
          const ordered = tables[table]?.ordered ?? false;
          const length = ordered ? value.length - TRAILER_BYTES : value.length;
          file.block.beginRow(table, keyGroup, key.length, ordered ? trailerOf(value) : -1);
          file.block.endRow(key, 0, key.length, value, 0, length);
          return true;
        },
        (entry) => {
          if (file.block.isFull) next = entry.slice();
          return next === undefined;
        },
      );
      if (next === undefined) break;
      from = next;
      await file.flush();
    }
    moment.close();
  }

  async #writeParts(file: RowFileWriter): Promise<void> {
    const { parts, memtable, tables, generations, home } = this.#frozen;
    const choice = { until: parts.until, tombstones: parts.tombstones, form: 'file' as const };
    const source = { arena: memtable.arena, tables };
    for (const part of parts.parts) {
      let at = 0;
      // A chunk may be put aside while a block of it is being written; then its rows come once more.
      while (part.chunk !== 0 && at >= 0) {
        at = writeChunkRows(source, part.chunk, at, choice, file.block);
        if (at >= 0) await file.flush();
      }
      if (part.spill !== 0) await file.append(home.spills.read(part.spill));
      generations.release(part);
    }
  }

  async #writeInline(file: RowFileWriter): Promise<void> {
    for (const inline of this.#frozen.inline) {
      for (let done = false; !done; ) {
        done = inline.read(file.block);
        for (const block of inline.takeSaved()) await file.append(block);
        if (!done) await file.flush();
      }
      inline.end();
    }
  }
}

function trailerOf(value: Uint8Array): number {
  const at = value.length - TRAILER_BYTES;
  return new DataView(value.buffer, value.byteOffset).getUint32(at, true);
}
