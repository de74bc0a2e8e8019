import { invariant } from '../base/invariant.js';
import { murmurOfInt } from '../base/murmur3.js';
import { keyGroupOf } from '../graph/key-group.js';
import type { KeyGroupRange } from '../ports/keyed-state-store.js';
import { encodeKey } from '../serde/key-encoding.js';
import { StateRow } from './state-row.js';
import { TextKeyWalk, textKeyWords } from './text-key.js';

/** hot path: as in state-row.ts, constants of this file are part of the machine code, and imported ones are not. */
const hashOfInt = murmurOfInt;

/** Words for the key of one text: room for 62 plain characters, which a UUID and the like fit into. */
const STRIDE = 16;

/**
 * Texts that are the keys of records which come next, with what their rows are found by: they were walked when the
 * rows were looked at ahead, and are not walked again.
 *
 * Invariants, from {@link walkAll} to {@link clear}: next <= count; for i < count, texts[i] is of a key group of the
 * subtask, and `keyGroups`, `hashes`, `lengths` and the words say of it what its row does. A length of 0 says that the
 * key takes more room than there is.
 *
 * hot path: bench/scenarios/key-kinds
 */
export class TextKeys {
  declare private readonly maxParallelism: number;
  declare private readonly firstKeyGroup: number;
  declare private readonly lastKeyGroup: number;
  private readonly texts: string[];
  private count = 0;
  /** The first of those whose record has not come. */
  private next = 0;
  readonly words: Int32Array;
  readonly lengths: Int32Array;
  readonly hashes: Int32Array;
  readonly keyGroups: Int32Array;
  private readonly walk = new TextKeyWalk();
  private readonly row = new StateRow();

  /** For `capacity` texts at once. */
  constructor(capacity: number, { start, end }: KeyGroupRange, maxParallelism: number) {
    this.maxParallelism = maxParallelism;
    this.firstKeyGroup = start;
    this.lastKeyGroup = end;
    this.texts = new Array<string>(capacity).fill('');
    this.words = new Int32Array(capacity * STRIDE);
    this.lengths = new Int32Array(capacity);
    this.hashes = new Int32Array(capacity);
    this.keyGroups = new Int32Array(capacity);
  }

  /** None of the records that were looked at comes any more. */
  clear(): void {
    this.count = 0;
    this.next = 0;
  }

  /** The next text; {@link walkAll} follows. */
  add(text: string): void {
    this.texts[this.count++] = text;
  }

  /** Finds out about the texts. How many there are; those from the first on that another subtask owns are forgotten. */
  walkAll(): number {
    const { count } = this;
    invariant(count <= this.texts.length, 'there is room for the texts', { count });
    for (let i = 0; i < count; i++) {
      const keyGroup = this.walkOne(i);
      if (keyGroup >= this.firstKeyGroup && keyGroup <= this.lastKeyGroup) continue;
      this.count = i;
      return i;
    }
    return count;
  }

  /** The key group of the text. */
  private walkOne(i: number): number {
    const { walk } = this;
    const text = this.texts[i] ?? '';
    const length = textKeyWords(text.length) <= STRIDE ? walk.walk(text, this.words, i * STRIDE) : 0;
    if (length === 0) return this.encode(text, i);
    const keyGroup = hashOfInt(walk.code) % this.maxParallelism;
    this.lengths[i] = length;
    this.hashes[i] = walk.hash;
    this.keyGroups[i] = keyGroup;
    return keyGroup;
  }

  /** Of a text that is not plain, or long. */
  private encode(text: string, i: number): number {
    const { row } = this;
    const keyGroup = keyGroupOf(text, this.maxParallelism);
    encodeKey(text, row.begin(keyGroup));
    row.seal();
    const { length } = row;
    this.keyGroups[i] = keyGroup;
    this.hashes[i] = row.hash;
    this.lengths[i] = length > STRIDE * 4 ? 0 : length;
    if (length <= STRIDE * 4) this.words.set(row.words.subarray(0, ((length + 7) >> 3) << 1), i * STRIDE);
    return keyGroup;
  }

  /**
   * Where the text is among those that have not come, or -1; those before it have come, too, or never will. A length
   * of 0 there says no more than that.
   */
  take(text: string): number {
    const { texts, count } = this;
    for (let i = this.next; i < count; i++) {
      if (texts[i] !== text) continue;
      this.next = i + 1;
      return i;
    }
    // Something else is going on: the others are not looked through again for each key.
    this.next = count;
    return -1;
  }

  /** Makes `row` that of the text at this place. */
  setRow(row: StateRow, at: number): void {
    row.setWords(
      this.keyGroups[at] ?? 0,
      this.words,
      at * STRIDE,
      this.lengths[at] ?? 0,
      this.hashes[at] ?? 0,
    );
  }
}
