import type { SpillFiles } from './spill-files.js';

/** What may be held in memory. */
export interface SavedRoom {
  /** In any case. */
  readonly ownBytes: number;
  /** What is left of managed memory now. */
  freeBytes(): number;
  /** Blocks are put on the disk, now and before. @throws MillraceError MR3011 if what lies there is too much */
  onSpilled(): void;
}

/**
 * Blocks of rows that snapshots had to save before they changed, until these are written: of one store, all its
 * snapshots together. Who draws keys evenly touches most pages of a state within moments after a freeze, long before
 * a snapshot has written them.
 *
 * Invariants:
 * - `#heldBytes` is what is held in memory; the other blocks lie in the store's spill files;
 * - what exceeds `ownBytes` took no more than half of what was free, and {@link putAside} gives it back.
 */
export class SavedBlocks {
  readonly #spills: SpillFiles;
  readonly #room: SavedRoom;
  /** That hold anything. */
  readonly #queues = new Set<SavedQueue>();
  #heldBytes = 0;

  constructor(spills: SpillFiles, room: SavedRoom) {
    this.#spills = spills;
    this.#room = room;
  }

  /** Of what is held: what others may want back. */
  get borrowedBytes(): number {
    return Math.max(0, this.#heldBytes - this.#room.ownBytes);
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Of one snapshot of one table. */
  queue(): SavedQueue {
    return new SavedQueue(this);
  }

  /** A copy of the block, or the number of its place on the disk. @throws MillraceError MR3003, MR3011: it is full */
  keep(block: Uint8Array, queue: SavedQueue): Uint8Array | number {
    this.#queues.add(queue);
    const { ownBytes } = this.#room;
    const held = this.#heldBytes + block.length;
    if (held > ownBytes && (held - ownBytes) * 2 > this.#room.freeBytes()) {
      this.#room.onSpilled();
      return this.#spills.write(block);
    }
    this.#heldBytes = held;
    return block.slice();
  }

  /**
   * Gives borrowed memory back: blocks go to the disk. Where that is full, their snapshots fail, and not the record for
   * which the memory is needed.
   *
   * @throws MillraceError MR3011 if what lies on the disk is too much
   */
  giveBack(): void {
    for (const queue of this.#queues) {
      try {
        queue.putAside((block) => this.#putAside(block));
      } catch (error) {
        queue.fail(error);
      }
    }
    this.#room.onSpilled();
  }

  #putAside(block: Uint8Array): Uint8Array | number {
    if (this.borrowedBytes === 0) return block;
    const number = this.#spills.write(block);
    this.#heldBytes -= block.length;
    return number;
  }

  /** The queue is empty. */
  forget(queue: SavedQueue): void {
    this.#queues.delete(queue);
  }

  /** What was kept, which is kept no more. */
  give(kept: Uint8Array | number): Uint8Array {
    const block = typeof kept === 'number' ? this.#spills.read(kept) : kept;
    this.drop(kept);
    return block;
  }

  drop(kept: Uint8Array | number): void {
    if (typeof kept === 'number') this.#spills.drop(kept);
    else this.#heldBytes -= kept.length;
  }
}

/** First in, first out. Invariant: one that has failed holds nothing, and takes and gives nothing more. */
export class SavedQueue {
  readonly #blocks: SavedBlocks;
  #kept: (Uint8Array | number)[] = [];
  #failure: { readonly error: unknown } | undefined;
  /** Those before it are taken. */
  #next = 0;

  constructor(blocks: SavedBlocks) {
    this.#blocks = blocks;
  }

  /** Who is about to change the rows is not to blame where there is no room for them: the queue fails. */
  push(block: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      this.#kept.push(this.#blocks.keep(block, this));
    } catch (error) {
      this.fail(error);
    }
  }

  /** @throws why blocks are missing */
  shift(): Uint8Array | undefined {
    this.mustBeWhole();
    const kept = this.#kept[this.#next];
    if (kept === undefined) return undefined;
    this.#next++;
    if (this.#next === this.#kept.length) this.#forget();
    return this.#blocks.give(kept);
  }

  /** Replaces blocks that are held, from the last one on, by what `aside` gives for them. */
  putAside(aside: (block: Uint8Array) => Uint8Array | number): void {
    for (let i = this.#kept.length - 1; i >= this.#next; i--) {
      const kept = this.#kept[i];
      if (kept !== undefined && typeof kept !== 'number') this.#kept[i] = aside(kept);
    }
  }

  /** Drops all that is left. */
  clear(): void {
    for (const kept of this.#kept.slice(this.#next)) this.#blocks.drop(kept);
    this.#forget();
  }

  /** A block is lost. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.clear();
  }

  /** @throws why blocks are missing */
  mustBeWhole(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #forget(): void {
    this.#kept = [];
    this.#next = 0;
    this.#blocks.forget(this);
  }
}
