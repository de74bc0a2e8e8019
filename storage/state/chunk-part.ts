/** A chunk of a frozen list, or the number of the block in which its rows were put aside; both 0: nothing is left. */
export interface ChunkPart {
  chunk: number;
  spill: number;
}

/**
 * Parts in the order of their rows. Of a state far larger than memory nearly all are put aside, and who looks for
 * chunks looks at the few others only.
 *
 * Invariant: `#candidates` holds every part with a chunk, and some that have none any more.
 */
export class ChunkList {
  readonly parts: ChunkPart[] = [];
  #candidates: ChunkPart[] = [];

  add(part: ChunkPart): void {
    this.parts.push(part);
    if (part.chunk !== 0) this.#candidates.push(part);
  }

  /** The parts with a chunk, in order. */
  inMemory(): readonly ChunkPart[] {
    this.#candidates = this.#candidates.filter((part) => part.chunk !== 0);
    return this.#candidates;
  }
}
