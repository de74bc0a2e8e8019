/** Slots of a new index; a power of two. */
const SLOTS_MIN = 16;

/**
 * Where the rows of some key groups lie: open addressing by hash, linear probing. Whether a row of the right
 * hash is the right row is for the owner to see.
 *
 * Invariants: at most 5 of 8 slots are taken, so every probe ends; between a row's first slot (by its hash)
 * and the slot it is in, no slot is empty.
 *
 * hot path: owners probe `slots` themselves: hash and ref of slot i are words 2i and 2i + 1, ref 0 is empty.
 */
export class RowIndex {
  slots = new Int32Array(SLOTS_MIN * 2);
  /** Mask of a word number in `slots`: (word + 2) & mask steps to the next slot. */
  mask = SLOTS_MIN * 2 - 1;
  count = 0;
  /** What was read, so that it is: a read that nobody uses does not happen. */
  #seen = 0;

  get bytes(): number {
    return this.slots.byteLength;
  }

  /** Makes room for one more row. True if the slots have moved. */
  reserve(): boolean {
    if (this.count * 16 < this.slots.length * 5) return false;
    this.#resize(this.slots.length * 2);
    return true;
  }

  /**
   * Reads the first slots of these hashes, and what the rows there begin with: without a branch between them the
   * trips to memory overlap, and who looks for the rows next finds it near.
   */
  touch(hashes: readonly number[], words: Int32Array): void {
    const { slots, mask } = this;
    let seen = 0;
    for (const hash of hashes) seen ^= words[slots[((hash << 1) & mask) + 1] ?? 0] ?? 0;
    this.#seen ^= seen;
  }

  /** The row must not be there yet. */
  insert(hash: number, ref: number): void {
    this.reserve();
    const { slots, mask } = this;
    let at = (hash << 1) & mask;
    while (slots[at + 1] !== 0) at = (at + 2) & mask;
    slots[at] = hash;
    slots[at + 1] = ref;
    this.count++;
  }

  /** The word of the slot that holds this ref, or -1. */
  slotOf(hash: number, ref: number): number {
    const { slots, mask } = this;
    let at = (hash << 1) & mask;
    for (;;) {
      const found = slots[at + 1];
      if (found === ref) return at;
      if (found === 0) return -1;
      at = (at + 2) & mask;
    }
  }

  /** Empties a slot and closes the gap. */
  remove(slot: number): void {
    const { slots, mask } = this;
    let gap = slot;
    let at = gap;
    for (;;) {
      at = (at + 2) & mask;
      if (slots[at + 1] === 0) break;
      const home = ((slots[at] ?? 0) << 1) & mask;
      // The row may move into the gap unless its home lies behind the gap (cyclically).
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      slots[gap] = slots[at] ?? 0;
      slots[gap + 1] = slots[at + 1] ?? 0;
      gap = at;
    }
    slots[gap] = 0;
    slots[gap + 1] = 0;
    this.count--;
  }

  #resize(length: number): void {
    const old = this.slots;
    const slots = new Int32Array(length);
    const mask = length - 1;
    for (let i = 0; i < old.length; i += 2) {
      const ref = old[i + 1] ?? 0;
      if (ref === 0) continue;
      const hash = old[i] ?? 0;
      let at = (hash << 1) & mask;
      while (slots[at + 1] !== 0) at = (at + 2) & mask;
      slots[at] = hash;
      slots[at + 1] = ref;
    }
    this.slots = slots;
    this.mask = mask;
  }
}
