import { invariant } from '../../core/internal.js';
import { SLOT_FRESH, SLOT_GONE, SLOT_STAMP_MASK, SLOT_STAMP_SHIFT, STAMP_MAX } from './inline-layout.js';

/**
 * What the stamps in the slots of one inline table mean (inline-layout.ts).
 *
 * Invariant: a row that changed in a generation after the base has that generation less the base for a stamp; the
 * others have 0, and nobody asks when they changed.
 */
export class SlotStamps {
  /** Rows changed from now on belong to it. */
  generation: number;
  /** Changes up to this generation are in a completed checkpoint. */
  completedGeneration = 0;
  #base: number;

  constructor(generation: number) {
    this.generation = generation;
    this.#base = generation - 1;
  }

  /** The stamp of the present generation, as it stands in word 0 of a slot. */
  get present(): number {
    return (this.generation - this.#base) << SLOT_STAMP_SHIFT;
  }

  /** Whether stamps up to this generation need a later base first. */
  wantsLaterBase(generation: number): boolean {
    return generation - this.#base > STAMP_MAX;
  }

  advance(generation: number): void {
    invariant(!this.wantsLaterBase(generation), 'checkpoints complete now and then', { generation });
    this.generation = generation;
  }

  /** Word 0 of a slot as it has to be before {@link takeBase}. */
  restamped(meta: number, base: number): number {
    const stamp = Math.max(0, this.generationOf(meta) - base);
    return (meta & ~SLOT_STAMP_MASK) | (stamp << SLOT_STAMP_SHIFT);
  }

  takeBase(base: number): void {
    this.#base = base;
  }

  /** The generation in which a row last changed, or 0, from word 0 of its slot. */
  generationOf(meta: number): number {
    const stamp = meta >>> SLOT_STAMP_SHIFT;
    return stamp === 0 ? 0 : stamp + this.#base;
  }

  /** The stamp of a row that changed in that generation; that of one before the base is 0, and -1 is before all. */
  stampOf(generation: number): number {
    return generation < 0 ? -1 : Math.max(0, generation - this.#base);
  }

  /** Whether there is no such row, neither here nor in any checkpoint that may still be restored. */
  isNothing(meta: number): boolean {
    if ((meta & SLOT_GONE) === 0) return false;
    return (meta & SLOT_FRESH) !== 0 || this.generationOf(meta) <= this.completedGeneration;
  }
}
