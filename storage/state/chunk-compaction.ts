import type { LmdbHome } from './lmdb-home.js';
import type { Memtable } from './memtable.js';
import { ChunkPersistence, ROW_TABLE } from './memtable-layout.js';
import type { MemtableTable } from './memtable-table.js';

/** A chunk of which less is garbage is not worth moving. */
const GARBAGE_SHARE = 0.25;
/** Chunks that are looked at whenever a chunk is taken, and how many of them may be moved then. */
const LOOKS = 64;
const MOVES = 2;

/**
 * Chooses chunks whose living rows are worth moving together, and moves them. Garbage is what was replaced, and
 * tombstones that nothing needs: of a chunk that no checkpoint wants a tombstone only hides what LMDB has of its row.
 *
 * Replaced rows are in nobody's way but memory's, and moved when that is full. Tombstones are in the way of whoever
 * scans and of every base, so they are looked for all the time, a few chunks with each chunk that is taken.
 *
 * Invariant: only full chunks of generation 0 that are unpinned and neither in LMDB nor on their way there are moved.
 */
export class ChunkCompaction {
  readonly #memtable: Memtable;
  readonly #home: LmdbHome;
  readonly #isStored = (table: MemtableTable, ref: number): boolean => {
    const { arena, scan } = this.#memtable;
    const keyGroup = (arena.words[ref + ROW_TABLE] ?? 0) & 0xffff;
    return this.#home.rows.get(table.number, keyGroup, scan.keyOf(table, ref)) !== undefined;
  };
  #cursor = 1;

  constructor(memtable: Memtable, home: LmdbHome) {
    this.#memtable = memtable;
    this.#home = home;
  }

  /** `judges`: it is looked up what tombstones hide, which no write that is on its way may change; or all are kept. */
  compact(chunk: number, judges: boolean): void {
    this.#memtable.compact(chunk, judges ? this.#isStored : keepsAll);
  }

  /** The chunk with the most garbage, that of tombstones as well or not, if it is worth while; otherwise 0. */
  mostGarbage(withTombstones: boolean): number {
    const { arena } = this.#memtable;
    let best = 0;
    let most = arena.chunkWords * GARBAGE_SHARE;
    for (let chunk = 1; chunk < arena.limit; chunk++) {
      if (!this.#mayMove(chunk) || (arena.span[chunk] ?? 1) > 1) continue;
      const end = arena.end[chunk] ?? 0;
      let garbage = end - (arena.live[chunk] ?? 0);
      if (withTombstones) garbage += arena.tombstones[chunk] ?? 0;
      // What is left at the end counts if the next row was not the reason.
      if (end * 2 < arena.chunkWords) garbage += arena.chunkWords - end;
      if (garbage > most) {
        best = chunk;
        most = garbage;
      }
    }
    return best;
  }

  /** Moves what lives out of a few of the chunks of which half or more is tombstones, which are judged. */
  sweepTombstones(): void {
    const { arena } = this.#memtable;
    let moved = 0;
    for (let looks = Math.min(LOOKS, arena.limit); looks > 0 && moved < MOVES; looks--) {
      if (++this.#cursor >= arena.limit) this.#cursor = 1;
      const chunk = this.#cursor;
      const tombstones = arena.tombstones[chunk] ?? 0;
      if (tombstones === 0 || tombstones * 2 < (arena.live[chunk] ?? 0)) continue;
      if (arena.persistence[chunk] === ChunkPersistence.WRITTEN && tombstones === arena.live[chunk]) {
        // LMDB has neither the rows nor, by now, anything that they hide.
        if (this.#memtable.arena.isLoose(chunk)) this.#memtable.drop(chunk);
      } else if (this.#mayMove(chunk)) {
        this.compact(chunk, true);
        moved++;
      }
    }
  }

  #mayMove(chunk: number): boolean {
    const persistence = this.#memtable.arena.persistence[chunk];
    // What was due hides nothing once LMDB has become empty.
    const mayBeMoved = this.#memtable.mayBeElsewhere
      ? persistence === ChunkPersistence.NONE
      : persistence === ChunkPersistence.NONE || persistence === ChunkPersistence.DUE;
    return mayBeMoved && this.#memtable.arena.isLoose(chunk);
  }
}

function keepsAll(): boolean {
  return true;
}
