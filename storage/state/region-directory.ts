import { invariant } from '../../core/internal.js';

const DEPTH_MIN = 1;
/** The upper bits of a hash choose the region, the lower 16 the slot in it. */
const DEPTH_MAX = 16;

/**
 * Which region the rows of a hash are in: extendible hashing. Regions are chunks; what is looked up is the word
 * at which their slots begin, 0 for none.
 *
 * Invariants: the directory has 2^depth entries, one for each value of the upper `depth` bits of a hash; the
 * entries of a region of depth d are the 2^(depth - d) neighbours that agree in the upper d bits;
 * `regionCount` counts the chunks whose depth is not 255.
 */
export class RegionDirectory {
  #entries: Int32Array;
  #depth = DEPTH_MIN;
  /** By chunk; 255: not in use. */
  readonly #depthOf: Uint8Array;
  readonly #chunkShift: number;
  /** Regions in use. */
  regionCount = 1;

  /** Of chunks of 2^chunkShift words. */
  constructor(chunkCount: number, chunkShift: number, first: number) {
    this.#chunkShift = chunkShift;
    this.#entries = new Int32Array(1 << DEPTH_MIN).fill(this.slotsOf(first));
    this.#depthOf = new Uint8Array(chunkCount).fill(255);
    this.#depthOf[first] = 0;
  }

  /** Word of the first slot of a region. */
  slotsOf(chunk: number): number {
    return chunk << this.#chunkShift;
  }

  /** By `hash >>> shift`: {@link slotsOf} the region of that hash, or 0 if it was given up; until the next division. */
  get entries(): Int32Array {
    return this.#entries;
  }

  get shift(): number {
    return 32 - this.#depth;
  }

  /** Whether the chunk is a region of this directory. */
  isInUse(chunk: number): boolean {
    return this.#depthOf[chunk] !== 255;
  }

  regions(): number[] {
    const found: number[] = [];
    for (const slots of this.#entries) {
      const chunk = slots >>> this.#chunkShift;
      if (chunk !== 0 && chunk !== found.at(-1)) found.push(chunk);
    }
    return found;
  }

  canDivide(chunk: number): boolean {
    return (this.#depthOf[chunk] ?? 255) < DEPTH_MAX;
  }

  /** Half of the hashes of a region belong to another from now on. */
  divide(chunk: number, other: number): void {
    const depth = this.#depthOf[chunk] ?? 255;
    invariant(depth < DEPTH_MAX, 'only a region in use is divided', { chunk, depth });
    if (depth === this.#depth) this.#double();
    const first = this.#entries.indexOf(this.slotsOf(chunk));
    const half = 1 << (this.#depth - depth - 1);
    this.#entries.fill(this.slotsOf(other), first + half, first + 2 * half);
    this.#depthOf[chunk] = depth + 1;
    this.#depthOf[other] = depth + 1;
    this.regionCount++;
  }

  /** The bit of a hash that tells a region, divided last, from the one that took half of it: 1 is that one. */
  dividingBit(chunk: number): number {
    return 32 - (this.#depthOf[chunk] ?? 255);
  }

  giveUp(chunk: number): void {
    const slots = this.slotsOf(chunk);
    for (let i = 0; i < this.#entries.length; i++) if (this.#entries[i] === slots) this.#entries[i] = 0;
    this.#depthOf[chunk] = 255;
    this.regionCount--;
  }

  #double(): void {
    const old = this.#entries;
    const entries = new Int32Array(old.length * 2);
    for (let i = 0; i < old.length; i++) entries.fill(old[i] ?? 0, 2 * i, 2 * i + 2);
    this.#entries = entries;
    this.#depth++;
  }
}
