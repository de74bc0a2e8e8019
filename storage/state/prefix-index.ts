/** Words of a block: the next block of the same prefix, the number of hashes in it, and the hashes. */
const BLOCK_WORDS = 8;
const BLOCK_HASHES = BLOCK_WORDS - 2;
const HEADS_MIN = 16;

/**
 * Which rows share a prefix, told by the hashes of the rows, so that it need not know where they lie or move
 * to. It says too much now and then, never too little: a hash may stand for a row that is gone or that has
 * another prefix, and may occur twice.
 *
 * Invariants: `#heads` is an open-addressing table of (prefix hash, first block), at most half full; block 0
 * is none; `added` counts the hashes in all blocks.
 */
export class PrefixIndex {
  #heads = new Int32Array(HEADS_MIN * 2);
  #headCount = 0;
  #blocks = new Int32Array(BLOCK_WORDS * 8);
  #blockCount = 1;
  added = 0;

  get bytes(): number {
    return this.#heads.byteLength + this.#blocks.byteLength;
  }

  add(prefixHash: number, rowHash: number): void {
    const head = this.#headOf(prefixHash);
    const first = this.#heads[head + 1] ?? 0;
    const count = first === 0 ? BLOCK_HASHES : (this.#blocks[first * BLOCK_WORDS + 1] ?? 0);
    let block = first;
    if (count === BLOCK_HASHES) {
      block = this.#newBlock(first);
      this.#heads[head] = prefixHash;
      this.#heads[head + 1] = block;
      if (first === 0 && ++this.#headCount * 4 > this.#heads.length) this.#growHeads();
    }
    const at = block * BLOCK_WORDS;
    const index = this.#blocks[at + 1] ?? 0;
    this.#blocks[at + 2 + index] = rowHash;
    this.#blocks[at + 1] = index + 1;
    this.added++;
  }

  /** The hashes that were added for the prefix. */
  hashesOf(prefixHash: number): number[] {
    const found: number[] = [];
    let block = this.#heads[this.#headOf(prefixHash) + 1] ?? 0;
    while (block !== 0) {
      const at = block * BLOCK_WORDS;
      const count = this.#blocks[at + 1] ?? 0;
      for (let i = 0; i < count; i++) found.push(this.#blocks[at + 2 + i] ?? 0);
      block = this.#blocks[at] ?? 0;
    }
    return found;
  }

  clear(): void {
    this.#heads = new Int32Array(HEADS_MIN * 2);
    this.#headCount = 0;
    this.#blocks = new Int32Array(BLOCK_WORDS * 8);
    this.#blockCount = 1;
    this.added = 0;
  }

  /** The word of the prefix's head, or of the empty one where it belongs. */
  #headOf(prefixHash: number): number {
    const heads = this.#heads;
    const mask = heads.length - 1;
    let at = (prefixHash << 1) & mask;
    while (heads[at + 1] !== 0 && heads[at] !== prefixHash) at = (at + 2) & mask;
    return at;
  }

  #newBlock(next: number): number {
    const block = this.#blockCount++;
    if (this.#blockCount * BLOCK_WORDS > this.#blocks.length) {
      const grown = new Int32Array(this.#blocks.length * 2);
      grown.set(this.#blocks);
      this.#blocks = grown;
    }
    this.#blocks[block * BLOCK_WORDS] = next;
    return block;
  }

  #growHeads(): void {
    const old = this.#heads;
    this.#heads = new Int32Array(old.length * 2);
    for (let i = 0; i < old.length; i += 2) {
      const block = old[i + 1] ?? 0;
      if (block === 0) continue;
      const head = this.#headOf(old[i] ?? 0);
      this.#heads[head] = old[i] ?? 0;
      this.#heads[head + 1] = block;
    }
  }
}
