import { invariant } from '../../core/internal.js';
import { ChunkCompaction } from './chunk-compaction.js';
import { type ChunkRowChoice, writeChunkRows } from './chunk-rows.js';
import type { InlineTable } from './inline-table.js';
import type { LmdbHome } from './lmdb-home.js';
import type { Memtable } from './memtable.js';
import type { MemtableGenerations } from './memtable-generations.js';
import { ChunkPersistence, ChunkState } from './memtable-layout.js';
import type { MemtableTable } from './memtable-table.js';
import { RowBlockWriter } from './row-block-writer.js';
import type { SavedBlocks } from './saved-blocks.js';

/** Chunks that are written before they have to leave, above this share of the budget in living rows. */
const WRITE_BEHIND_SHARE = 0.6;
/** Share of the budget that may stand by, written and ready to be dropped. */
const STANDBY_SHARE = 0.125;
const IN_FLIGHT_MAX = 4;
/**
 * Share of the budget that is written together. Of state far beyond memory each row has a page of the tree for itself;
 * the more rows are put in order together, the fewer pages they and the pages above take.
 */
const GROUP_SHARE = 1 / 16;
/** Chunks that are written together; on their way they are copies beside the budget. */
const GROUP_CHUNKS_MAX = 64;

/** Chunks that are being written, as they were when they were posted. */
interface PostedWrite {
  readonly sequence: number;
  readonly chunks: readonly { readonly chunk: number; readonly opened: number }[];
}

export interface ReclaimerParts {
  readonly memtable: Memtable;
  readonly tables: readonly MemtableTable[];
  readonly generations: MemtableGenerations;
  readonly home: LmdbHome;
  readonly saved: SavedBlocks;
  readonly budgetBytes: number;
}

/**
 * Keeps a store within its managed memory. While the living rows fit, they are moved together from between the garbage
 * and LMDB is not written at all. Above that, the oldest chunks are written to LMDB in the background; when
 * memory is full they are dropped, and only if none is ready does the task wait for the state writer.
 *
 * Invariants:
 * - a chunk is dropped only after its rows are committed in LMDB, and what checkpoints still need of it has
 *   been put aside there;
 * - nothing is moved or dropped while this is at work already: then memory may exceed the budget for a moment.
 */
export class MemoryReclaimer {
  readonly #memtable: Memtable;
  readonly #tables: readonly MemtableTable[];
  readonly #generations: MemtableGenerations;
  readonly #home: LmdbHome;
  readonly #saved: SavedBlocks;
  readonly #budgetBytes: number;
  readonly #groupChunks: number;
  readonly #compaction: ChunkCompaction;
  readonly #inlineTables: InlineTable[] = [];
  readonly #posted: PostedWrite[] = [];
  readonly #block = new RowBlockWriter(Number.POSITIVE_INFINITY);
  #busy = false;
  #turn = 0;
  /** Set while a row may be in LMDB and not in memory. */
  hasDropped = false;

  constructor({ memtable, tables, generations, home, saved, budgetBytes }: ReclaimerParts) {
    this.#memtable = memtable;
    this.#tables = tables;
    this.#generations = generations;
    this.#home = home;
    this.#saved = saved;
    this.#budgetBytes = budgetBytes;
    this.#compaction = new ChunkCompaction(memtable, home);
    const chunks = Math.floor((budgetBytes * GROUP_SHARE) / (memtable.arena.chunkWords * 4));
    this.#groupChunks = Math.max(1, Math.min(GROUP_CHUNKS_MAX, chunks));
  }

  /** Of the budget, while nothing is borrowed from it. */
  get freeBytes(): number {
    return Math.max(0, this.#budgetBytes - this.#memtable.usedBytes);
  }

  addInlineTable(table: InlineTable): void {
    this.#inlineTables.push(table);
  }

  /** Before a chunk is taken. True if it fits into the budget. */
  makeRoom(): boolean {
    if (this.#busy) return this.#fits();
    this.#busy = true;
    try {
      this.#home.poll();
      this.#forgetLmdb();
      // Under a scan nothing moves that need not: it would begin anew.
      if (this.#memtable.scans === 0 && this.#tombstonesMayGo) this.#compaction.sweepTombstones();
      if (!this.#fits()) this.#generations.sweep();
      // Each step frees a chunk or brings that nearer; the bound is for what nobody thought of.
      for (let steps = 4 * this.#memtable.arena.limit; steps > 0 && !this.#fits(); steps--) {
        if (!this.#freeSome()) break;
      }
      this.#writeBehind();
    } finally {
      this.#busy = false;
    }
    return this.#fits();
  }

  /** The state writer has committed a write. */
  confirmed(sequence: number): void {
    const posted = this.#posted.shift();
    invariant(posted?.sequence === sequence, 'writes are confirmed in order', { sequence });
    const { arena } = this.#memtable;
    for (const { chunk, opened } of posted.chunks) {
      // The chunk may have been freed, and taken again, meanwhile.
      if (arena.sequence[chunk] === opened && arena.persistence[chunk] === ChunkPersistence.WRITING) {
        arena.persistence[chunk] = ChunkPersistence.WRITTEN;
      }
    }
  }

  #fits(): boolean {
    const chunkBytes = this.#memtable.arena.chunkWords * 4;
    return this.#memtable.usedBytes + this.#saved.borrowedBytes + chunkBytes <= this.#budgetBytes;
  }

  /** Frees a chunk, or comes nearer to it. False if nothing can be done. */
  #freeSome(): boolean {
    if (this.#saved.borrowedBytes > 0) {
      this.#saved.giveBack();
      return true;
    }
    const judges = this.#tombstonesMayGo;
    const garbage = this.#compaction.mostGarbage(judges);
    if (garbage > 0) {
      this.#compaction.compact(garbage, judges);
      return true;
    }
    const [written] = this.#oldest(
      1,
      (chunk) => this.#memtable.arena.isLoose(chunk) && this.#isWritten(chunk),
    );
    if (written !== undefined) {
      this.#drop(written);
      return true;
    }
    if (this.#home.inFlight > 0) {
      this.#home.waitForOne();
      return true;
    }
    // Rows in slots cannot be written by the chunk; every fourth time it is their turn to become such rows.
    const inline = this.#inlineTables.find((table) => table.directory.regionCount > 0);
    if (inline !== undefined && ++this.#turn % 4 === 0) return this.#giveUpRegion(inline);
    if (this.#forceOut()) return true;
    return inline !== undefined && this.#giveUpRegion(inline);
  }

  #giveUpRegion(table: InlineTable): boolean {
    const region = table.regions()[0];
    if (region === undefined) return false;
    this.#memtable.moves++;
    table.giveUp(region);
    return true;
  }

  #drop(chunk: number): void {
    this.hasDropped = true;
    this.#memtable.drop(chunk);
  }

  /** Where LMDB has become empty all is as if it had never been written. */
  #forgetLmdb(): void {
    const { inFlight, storedBytes } = this.#home;
    if (inFlight > 0 || storedBytes > 0) return;
    this.#memtable.mayBeElsewhere = false;
    this.hasDropped = false;
  }

  /** Whether it can be told, and is worth while to be told, which tombstones hide nothing. */
  get #tombstonesMayGo(): boolean {
    if (!this.#memtable.mayBeElsewhere) return true;
    return this.#home.inFlight === 0 && !this.#livesBeyondMemory;
  }

  /** Whether rows that live are being moved to LMDB; then the tombstones among them go the same way. */
  get #livesBeyondMemory(): boolean {
    const { arena, usedBytes } = this.#memtable;
    const living = usedBytes - arena.usedBytes + arena.liveBytes + this.#inlineBytes();
    return living > this.#budgetBytes * WRITE_BEHIND_SHARE;
  }

  #isWritten(chunk: number): boolean {
    return this.#memtable.arena.persistence[chunk] === ChunkPersistence.WRITTEN;
  }

  /** Of the chunks that are wanted those that were opened first, at most `count`, in that order. */
  #oldest(count: number, wanted: (chunk: number) => boolean): number[] {
    const { limit, sequence } = this.#memtable.arena;
    const found: number[] = [];
    for (let chunk = 1; chunk < limit; chunk++) if (wanted(chunk)) found.push(chunk);
    return found.sort((a, b) => (sequence[a] ?? 0) - (sequence[b] ?? 0)).slice(0, count);
  }

  /** Has chunks written before they are in the way. */
  #writeBehind(): void {
    const { persistence, state, limit, chunkWords } = this.#memtable.arena;
    if (this.#memtable.mayBeElsewhere) {
      const isDue = (chunk: number) =>
        persistence[chunk] === ChunkPersistence.DUE && this.#memtable.arena.isLoose(chunk);
      const due = this.#oldest(GROUP_CHUNKS_MAX, isDue);
      if (due.length > 0) this.#post(due);
    }
    if (!this.#livesBeyondMemory) return;
    let standby = 0;
    for (let chunk = 1; chunk < limit; chunk++) {
      if (state[chunk] === ChunkState.FULL && persistence[chunk] !== ChunkPersistence.NONE) standby++;
    }
    const wanted = (this.#budgetBytes * STANDBY_SHARE) / (chunkWords * 4);
    while (standby + this.#groupChunks <= wanted && this.#home.inFlight < IN_FLIGHT_MAX) {
      const chunks = this.#oldest(
        this.#groupChunks,
        (it) => this.#memtable.arena.isLoose(it) && persistence[it] === ChunkPersistence.NONE,
      );
      if (chunks.length === 0) return;
      this.#post(chunks);
      standby += chunks.length;
    }
  }

  #inlineBytes(): number {
    let sum = 0;
    for (const table of this.#inlineTables) sum += table.usedBytes;
    return sum;
  }

  /** Writes the oldest chunks, and puts aside what checkpoints need of them, so that they can be dropped. */
  #forceOut(): boolean {
    const { arena } = this.#memtable;
    const chunks = this.#oldest(this.#groupChunks, (it) => arena.state[it] === ChunkState.FULL);
    if (chunks.length === 0) return false;
    const unwritten = chunks.filter((it) => (arena.persistence[it] ?? 0) < ChunkPersistence.WRITING);
    if (unwritten.length > 0) this.#post(unwritten);
    const asides = chunks.flatMap((chunk) => this.#asides(chunk));
    while (this.#home.inFlight > 0) this.#home.waitForOne();
    for (const putAside of asides) putAside();
    for (const chunk of chunks)
      if (this.#memtable.arena.isLoose(chunk) && this.#isWritten(chunk)) this.#drop(chunk);
    return true;
  }

  /** Writes the blocks that stand for a chunk, and says what is to be done once its rows are written, too. */
  #asides(chunk: number): (() => void)[] {
    const steps: (() => void)[] = [];
    for (const { part, until, tombstones, pinned } of this.#generations.usesOf(chunk)) {
      const bytes = this.#blockOf(chunk, { until, tombstones, form: 'file' });
      const id = bytes === undefined ? 0 : this.#home.spills.write(bytes);
      this.#home.pace.putAside(bytes?.length ?? 0);
      steps.push(() => this.#generations.putAside(part, pinned, id));
    }
    return steps;
  }

  #post(chunks: readonly number[]): void {
    const memtable = this.#memtable;
    const { arena } = memtable;
    memtable.mayBeElsewhere = true;
    const rows: Uint8Array[] = [];
    for (const chunk of chunks) {
      arena.persistence[chunk] = ChunkPersistence.WRITING;
      // The copy is taken: rows of the chunk change in place no more.
      arena.stamp[chunk] = 0;
      const block = this.#blockOf(chunk, { until: Number.POSITIVE_INFINITY, tombstones: true, form: 'lmdb' });
      if (block !== undefined) rows.push(block.slice());
    }
    const sequence = this.#home.post(rows);
    this.#posted.push({
      sequence,
      chunks: chunks.map((chunk) => ({ chunk, opened: arena.sequence[chunk] ?? 0 })),
    });
  }

  /** The chosen rows of a chunk in one block, valid until the next call, or undefined if there are none. */
  #blockOf(chunk: number, choice: ChunkRowChoice): Uint8Array | undefined {
    const block = this.#block;
    writeChunkRows({ arena: this.#memtable.arena, tables: this.#tables }, chunk, 0, choice, block);
    return block.isEmpty ? undefined : block.take();
  }
}
