import {
  invariant,
  type KeyedSnapshot,
  type KeyedStateHandle,
  MillraceError,
  type SnapshotWriter,
  type StateFileHandle,
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
import { BLOCK_BYTES, type RowFileTable } from './row-file-layout.js';
import { RowFileWriter, snapshotError } from './row-file-writer.js';

/** How long a snapshot may take to be written. */
export interface SnapshotDeadline {
  readonly timeoutMs: number;
  /** `onDue` is called once, on the thread of the task, unless the returned function was called before. */
  arm(onDue: () => void): () => void;
}

/** For ever: where somebody else sees to it. */
export const NO_DEADLINE: SnapshotDeadline = { timeoutMs: Number.POSITIVE_INFINITY, arm: () => () => {} };

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
  /** Nothing of it is held any more. */
  released(snapshot: LmdbStoreSnapshot): void;
}

/**
 * Writes what was frozen, a block at a time, while the store goes on changing: for a base first the rows of
 * LMDB, which those of memory then replace; then the memtable's chunks; then the inline tables.
 *
 * What is frozen is held in memory, and pins pages of LMDB that could be used again otherwise, so it is given up
 * when its checkpoint is, or when its deadline has passed: however slowly the storage takes what is written.
 *
 * Invariant: once it is given up or discarded nothing that was frozen is read any more.
 */
export class LmdbStoreSnapshot implements KeyedSnapshot {
  readonly #frozen: FrozenStore;
  readonly #disarm: () => void;
  #discarded = false;
  #givenUp: MillraceError | undefined = undefined;
  #reject: (error: MillraceError) => void = () => {};

  /** `deadline` is armed, and disarmed by `discard`. */
  constructor(frozen: FrozenStore, deadline: SnapshotDeadline) {
    this.#frozen = frozen;
    this.#disarm = deadline.arm(() => this.#pastDeadline(deadline.timeoutMs));
  }

  get checkpointId(): number {
    return this.#frozen.checkpointId;
  }

  /**
   * Nothing is written before this returns. Rejects with MR3007 as soon as it is given up, though the storage may not
   * have answered yet.
   */
  async write(writer: SnapshotWriter): Promise<KeyedStateHandle> {
    const givenUp = new Promise<never>((_, reject) => {
      this.#reject = reject;
      if (this.#givenUp !== undefined) reject(this.#givenUp);
    });
    const written = this.#write(writer);
    written.catch(() => {
      // Who waits is told the first of the two; the storage may fail long after that.
    });
    return Promise.race([givenUp, written]);
  }

  /** Its checkpoint will not complete: what it holds is free at once. */
  abort(): void {
    this.#giveUp('Its checkpoint was aborted meanwhile.');
  }

  #pastDeadline(timeoutMs: number): void {
    this.#giveUp(
      `It was not written within ${timeoutMs} ms, and what it pins grows.`,
      'See why the checkpoint storage is slow, or raise execution.checkpointing.timeout.',
    );
  }

  #giveUp(why: string, hint?: string): void {
    if (this.#discarded || this.#givenUp !== undefined) return;
    const { checkpointId } = this.#frozen;
    this.#givenUp = new MillraceError('MR3007', `The snapshot of checkpoint ${checkpointId} was given up.`, {
      why,
      ...(hint !== undefined && { hint }),
    });
    this.#release();
    this.#reject(this.#givenUp);
  }

  async #write(writer: SnapshotWriter): Promise<KeyedStateHandle> {
    const { checkpointId, purpose, fileTables, expired } = this.#frozen;
    // The records that waited for the barrier come first: the block that is begun here is for the next turn.
    await Promise.resolve();
    this.#mustStand();
    const { pace } = this.#frozen.home;
    const file = new RowFileWriter(writer, purpose, fileTables, expired);
    pace.begin();
    try {
      await this.#writeStored(file);
      await this.#writeParts(file);
      await this.#writeInline(file);
      const finished = await file.finish();
      this.#mustStand();
      return this.#frozen.handleWith(finished);
    } catch (error) {
      await file.abandon();
      throw snapshotError(error, checkpointId);
    } finally {
      pace.end();
    }
  }

  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    if (this.#givenUp === undefined) this.#release();
  }

  #release(): void {
    this.#disarm();
    this.#frozen.generations.end(this.#frozen.parts);
    for (const inline of this.#frozen.inline) inline.end();
    this.#frozen.moment?.close();
    this.#frozen.released(this);
  }

  /** Hands the block on; what was frozen may be gone after that. */
  async #flush(file: RowFileWriter): Promise<void> {
    await file.flush();
    this.#frozen.home.pace.wrote(BLOCK_BYTES);
    this.#mustStand();
  }

  #mustStand(): void {
    if (this.#givenUp !== undefined) throw this.#givenUp;
    invariant(!this.#discarded, 'a snapshot is discarded after it was written', {
      checkpointId: this.#frozen.checkpointId,
    });
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
      await this.#flush(file);
    }
    moment.close();
  }

  async #writeParts(file: RowFileWriter): Promise<void> {
    const { parts, memtable, tables, generations, home } = this.#frozen;
    const choice = { until: parts.until, tombstones: parts.tombstones, form: 'file' as const };
    const source = { arena: memtable.arena, tables };
    for (const part of parts.chunks.parts) {
      let at = 0;
      // A chunk may be put aside while a block of it is being written; then its rows come once more.
      while (part.chunk !== 0 && at >= 0) {
        at = writeChunkRows(source, part.chunk, at, choice, file.block);
        if (at >= 0) await this.#flush(file);
      }
      if (part.spill !== 0) {
        const block = home.spills.read(part.spill);
        await file.append(block);
        home.pace.wrote(block.length);
      }
      this.#mustStand();
      generations.release(part);
    }
  }

  async #writeInline(file: RowFileWriter): Promise<void> {
    for (const inline of this.#frozen.inline) {
      for (let done = false; !done; ) {
        done = inline.read(file.block);
        for (let block = inline.takeSaved(); block !== undefined; block = inline.takeSaved()) {
          await file.append(block);
          this.#mustStand();
        }
        if (!done) await this.#flush(file);
      }
      inline.end();
    }
  }
}

function trailerOf(value: Uint8Array): number {
  const at = value.length - TRAILER_BYTES;
  return new DataView(value.buffer, value.byteOffset).getUint32(at, true);
}
