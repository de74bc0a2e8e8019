import type { SpillFiles } from './spill-files.js';

/**
 * Blocks of rows that snapshots had to save before they changed, until these are written: of one store, all its
 * snapshots together. Who draws keys evenly touches most pages of a state within moments after a freeze, long before
 * a snapshot has written them.
 *
 * Invariant: blocks of no more than `maxBytes` are held in memory, `#heldBytes` in all; the others lie in the store's
 * spill files.
 */
export class SavedBlocks {
  readonly #spills: SpillFiles;
  readonly #maxBytes: number;
  #heldBytes = 0;

  constructor(spills: SpillFiles, maxBytes: number) {
    this.#spills = spills;
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Of one snapshot of one table. */
  queue(): SavedQueue {
    return new SavedQueue(this);
  }

  /** A copy of the block, or the number of its place on the disk. @throws MillraceError MR3003 if that is full */
  keep(block: Uint8Array): Uint8Array | number {
    if (this.#heldBytes + block.length > this.#maxBytes) return this.#spills.write(block);
    this.#heldBytes += block.length;
    return block.slice();
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

/** First in, first out. */
export class SavedQueue {
  readonly #blocks: SavedBlocks;
  #kept: (Uint8Array | number)[] = [];
  /** Those before it are taken. */
  #next = 0;

  constructor(blocks: SavedBlocks) {
    this.#blocks = blocks;
  }

  push(block: Uint8Array): void {
    this.#kept.push(this.#blocks.keep(block));
  }

  shift(): Uint8Array | undefined {
    const kept = this.#kept[this.#next];
    if (kept === undefined) return undefined;
    this.#next++;
    if (this.#next === this.#kept.length) this.#forget();
    return this.#blocks.give(kept);
  }

  /** Drops all that is left. */
  clear(): void {
    for (const kept of this.#kept.slice(this.#next)) this.#blocks.drop(kept);
    this.#forget();
  }

  #forget(): void {
    this.#kept = [];
    this.#next = 0;
  }
}
