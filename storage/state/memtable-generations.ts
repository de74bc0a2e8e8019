import { ChunkList, type ChunkPart } from './chunk-part.js';
import type { LmdbHome } from './lmdb-home.js';
import type { Memtable } from './memtable.js';

/** Changes that were frozen for a checkpoint and are in no completed one yet. */
interface FrozenGeneration {
  readonly generation: number;
  readonly checkpointId: number;
  readonly chunks: ChunkList;
}

/** What a snapshot has to write of the memtable, in this order. Parts that are written are emptied. */
export interface FrozenParts {
  readonly until: number;
  readonly tombstones: boolean;
  readonly chunks: ChunkList;
}

/** A part of a list, with what that wants of its rows. */
interface ChunkUse {
  readonly part: ChunkPart;
  readonly until: number;
  readonly tombstones: boolean;
  readonly pinned: boolean;
}

/**
 * Which chunks hold which generation's changes, and which snapshots still need them.
 *
 * Invariants:
 * - `#frozen` are the generations that no completed checkpoint covers, oldest first; their parts hold every
 *   row that changed in them and was not replaced in a generation that is frozen too or present;
 * - a chunk in a snapshot's parts is pinned once for it;
 * - a spilled block is dropped when no generation and no snapshot refers to it.
 */
export class MemtableGenerations {
  readonly #memtable: Memtable;
  readonly #home: LmdbHome;
  #frozen: FrozenGeneration[] = [];
  /** The generation of the last completed checkpoint. */
  completed = 0;
  readonly #snapshots = new Set<FrozenParts>();
  readonly #spillUses = new Map<number, number>();

  constructor(memtable: Memtable, home: LmdbHome) {
    this.#memtable = memtable;
    this.#home = home;
  }

  /** Ends the present generation and returns its number. */
  freeze(checkpointId: number): number {
    const { generation } = this.#memtable;
    this.#frozen.push({ generation, checkpointId, chunks: this.#memtable.freeze() });
    return generation;
  }

  /** What has changed since the last completed checkpoint, for a snapshot to write. */
  changes(until: number): FrozenParts {
    const chunks = new ChunkList();
    for (const frozen of this.#frozen) for (const part of frozen.chunks.parts) chunks.add({ ...part });
    return this.#pinParts({ until, tombstones: true, chunks });
  }

  /** All rows of these chunks as they are now. */
  everything(until: number, full: readonly number[], tombstones: boolean): FrozenParts {
    const chunks = new ChunkList();
    // What was put aside is in LMDB as rows, too.
    for (const chunk of full) chunks.add({ chunk, spill: 0 });
    return this.#pinParts({ until, tombstones, chunks });
  }

  /** The snapshot needs this part no more. */
  release(part: ChunkPart): void {
    const { chunk, spill } = part;
    part.chunk = part.spill = 0;
    if (chunk !== 0) this.#memtable.unpin(chunk);
    if (spill !== 0) this.#useSpill(spill, -1);
  }

  end(frozen: FrozenParts): void {
    for (const part of frozen.chunks.parts) this.release(part);
    this.#snapshots.delete(frozen);
  }

  complete(checkpointId: number): void {
    const covered = this.#frozen.filter((frozen) => frozen.checkpointId <= checkpointId);
    this.#frozen = this.#frozen.filter((frozen) => frozen.checkpointId > checkpointId);
    for (const { generation, chunks } of covered) {
      this.completed = Math.max(this.completed, generation);
      for (const part of chunks.parts) this.#settle(part);
    }
  }

  /** The next snapshot will write every row: what has changed so far is of no interest. None is being written. */
  startOver(): void {
    const { chunks } = this.#memtable;
    for (const list of [...this.#frozen.map((frozen) => frozen.chunks), chunks]) {
      for (const part of list.parts) this.#settle(part);
    }
    this.#frozen = [];
    this.#memtable.leaveChanges();
  }

  /** What an increment would take, about. */
  get changedBytes(): number {
    const { arena, chunks } = this.#memtable;
    let words = 0;
    for (const list of [...this.#frozen.map((frozen) => frozen.chunks), chunks]) {
      for (const { chunk } of list.inMemory()) words += arena.live[chunk] ?? 0;
    }
    return words * 4 + this.#home.spills.bytes;
  }

  /** Gives up chunks of frozen generations whose rows have all been replaced since. */
  sweep(): void {
    const { arena } = this.#memtable;
    for (const { chunks } of this.#frozen) {
      for (const part of chunks.inMemory()) if (arena.live[part.chunk] === 0) this.#settle(part);
    }
  }

  /** Every list that the chunk is in, with what it wants of the chunk's rows. */
  usesOf(chunk: number): readonly ChunkUse[] {
    const uses: ChunkUse[] = [];
    const look = (chunks: ChunkList, want: Omit<ChunkUse, 'part'>): void => {
      for (const part of chunks.inMemory()) if (part.chunk === chunk) uses.push({ part, ...want });
    };
    const everyChange = { until: Number.POSITIVE_INFINITY, tombstones: true, pinned: false };
    for (const frozen of this.#frozen) look(frozen.chunks, everyChange);
    look(this.#memtable.chunks, everyChange);
    for (const { chunks, until, tombstones } of this.#snapshots)
      look(chunks, { until, tombstones, pinned: true });
    return uses;
  }

  /** The rows that this list wants of the chunk are in a block now, or there were none. */
  putAside(part: ChunkPart, pinned: boolean, spill: number): void {
    const { chunk } = part;
    part.chunk = 0;
    part.spill = spill;
    if (spill !== 0) this.#useSpill(spill, 1);
    if (pinned) this.#memtable.unpin(chunk);
    else this.#memtable.settle(chunk);
  }

  #pinParts(frozen: FrozenParts): FrozenParts {
    for (const { chunk, spill } of frozen.chunks.parts) {
      if (chunk !== 0) this.#memtable.arena.addPin(chunk, 1);
      if (spill !== 0) this.#useSpill(spill, 1);
    }
    this.#snapshots.add(frozen);
    return frozen;
  }

  /** A completed checkpoint, or a later generation, holds what this part holds. */
  #settle(part: ChunkPart): void {
    const { chunk, spill } = part;
    part.chunk = part.spill = 0;
    if (chunk !== 0) this.#memtable.settle(chunk);
    if (spill !== 0) this.#useSpill(spill, -1);
  }

  #useSpill(spill: number, count: 1 | -1): void {
    const uses = (this.#spillUses.get(spill) ?? 0) + count;
    if (uses > 0) {
      this.#spillUses.set(spill, uses);
      return;
    }
    this.#spillUses.delete(spill);
    this.#home.spills.drop(spill);
  }
}
