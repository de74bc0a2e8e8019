import { RowForm, type RowKey, type StateRow } from '../../core/internal.js';
import {
  KEY_GROUP_SHIFT,
  SLOT_KEY,
  SLOT_LENGTH_MASK,
  SLOT_LENGTH_SHIFT,
  type SlotGeometry,
} from './inline-layout.js';
import { isKeyAt } from './row-bytes.js';

/** Memory of slots, as words and as bytes. */
export interface SlotMemory {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

/** hot path: as in inline-table.ts, a constant of this file is part of the machine code. */
const KEY = SLOT_KEY;
const LENGTH_MASK = SLOT_LENGTH_MASK;
const LENGTH_SHIFT = SLOT_LENGTH_SHIFT;

/** How the keys of rows lie in the slots of one inline table (inline-layout.ts). */
export class InlineKeys {
  readonly form: RowForm;
  readonly #keyWords: number;

  constructor(geometry: SlotGeometry) {
    this.form = geometry.form;
    this.#keyWords = geometry.keyWords;
  }

  /** Whether the slot is in use by this row, where both are of the form BYTES. hot path. */
  isAt({ words }: SlotMemory, at: number, row: RowKey): boolean {
    const { length } = row;
    if (((words[at] ?? 0) & LENGTH_MASK) >> LENGTH_SHIFT !== length) return false;
    return isKeyAt(words, at + KEY, row.words, length);
  }

  /** Writes the key of a row, and its group, into an unused slot. */
  write({ words, bytes }: SlotMemory, at: number, row: RowKey): void {
    const key = at + SLOT_KEY;
    const group = row.keyGroup << KEY_GROUP_SHIFT;
    if (this.form === RowForm.BYTES) {
      words.fill(0, key, key + this.#keyWords);
      bytes.set(row.bytes.subarray(0, row.length), key << 2);
      words[at + this.#keyWords] = (words[at + this.#keyWords] ?? 0) | group;
      return;
    }
    words[key] = row.int;
    words[at + this.#keyWords] = group;
    if (this.form === RowForm.INT) return;
    words[key + 1] = row.startHigh;
    words[key + 2] = row.startLow;
    words[key + 3] = row.endHigh;
    words[key + 4] = row.endLow;
  }

  groupOf({ words }: SlotMemory, at: number): number {
    return (words[at + this.#keyWords] ?? 0) >>> KEY_GROUP_SHIFT;
  }

  /** Makes `into` the row of a slot in use. */
  read(memory: SlotMemory, at: number, into: StateRow): void {
    const { words, bytes } = memory;
    const key = at + SLOT_KEY;
    const keyGroup = this.groupOf(memory, at);
    if (this.form === RowForm.BYTES) {
      const length = ((words[at] ?? 0) & SLOT_LENGTH_MASK) >> SLOT_LENGTH_SHIFT;
      into.setTo(keyGroup, bytes.subarray(key << 2, (key << 2) + length));
      return;
    }
    const int = words[key] ?? 0;
    into.setInt(keyGroup, int);
    if (this.form === RowForm.INT) return;
    into.startHigh = words[key + 1] ?? 0;
    into.startLow = words[key + 2] ?? 0;
    into.endHigh = words[key + 3] ?? 0;
    into.endLow = words[key + 4] ?? 0;
    into.setIntWindow(keyGroup, int, into.hash);
  }
}
