import { MillraceError } from '../base/millrace-error.js';
import { keyGroupOf, keyGroupOfInt } from '../graph/key-group.js';
import type { KeyGroupRange } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { decodeKey } from '../serde/key-decoding.js';
import { encodeKey } from '../serde/key-encoding.js';
import { appendBytes, appendTime, readTime, StateRow, TIME_BYTES } from './state-row.js';

/** Whether rows of a state belong to the key alone, or to the key and the current window. */
export const StateNamespace = { VOID: 0, WINDOW: 1 } as const;

/** hot path: as in state-row.ts, constants of this file are part of the machine code, and imported ones are not. */
const VOID = StateNamespace.VOID;
const groupOfInt = keyGroupOfInt;

export type StateNamespace = (typeof StateNamespace)[keyof typeof StateNamespace];

const HAS_KEY = 1;
/** `#key` is the key; otherwise it is decoded from the row when somebody asks, as after a timer has set its bytes. */
const IS_DECODED = 2;
/** The row of the key has its hash. */
const IS_SEALED = 4;
const HAS_WINDOW_ROW = 8;
/** The key is an integer of 32 bits, and `#key` is not used. The highest of them. */
const IS_INT = 16;

/**
 * The current key and window of one operator, and the row addresses that follow from them. The bytes of a
 * key are made once per key, whatever number of states are then used with it.
 *
 * Invariants:
 * - `#keyRow` holds the current key's bytes and key group while `#state` has HAS_KEY;
 * - the other rows are right while `#state` says so; every change of key or window forgets them;
 * - a key group outside the subtask's range never becomes current.
 *
 * hot path: {@link setCurrentKey} and {@link rowOf} run once and more per record (bench/scenarios/keyed-count).
 */
export class KeyContext {
  readonly keyGroups: KeyGroupRange;
  #maxParallelism = 0;
  #firstKeyGroup = 0;
  #lastKeyGroup = 0;
  readonly #keyRow = new StateRow();
  readonly #windowRow = new StateRow();
  readonly #elementRow = new StateRow();
  readonly #reader = new ByteReader();
  #key: unknown = undefined;
  /** What is known of the current key: HAS_KEY and the others. One number, so that a new key is one store. */
  #state = 0;
  /** Namespace whose prefix the element row begins with, or -1. */
  #elementPrefix = -1;
  #hasWindow = false;
  #windowStart = 0;
  #windowEnd = 0;

  constructor(keyGroups: KeyGroupRange, maxParallelism: number) {
    this.keyGroups = keyGroups;
    this.#maxParallelism = maxParallelism;
    this.#firstKeyGroup = keyGroups.start;
    this.#lastKeyGroup = keyGroups.end;
  }

  /**
   * @throws MillraceError MR2004 for a key without canonical form, MR2007 if another subtask owns the key
   */
  setCurrentKey(key: unknown): void {
    if (typeof key === 'number' && (key | 0) === key) {
      this.#setInt(key | 0);
      return;
    }
    if ((this.#state & IS_DECODED) !== 0 && key === this.#key && typeof key !== 'object') return;
    const keyGroup = keyGroupOf(key, this.#maxParallelism);
    if (keyGroup < this.#firstKeyGroup || keyGroup > this.#lastKeyGroup) this.#refuseForeign(key, keyGroup);
    encodeKey(key, this.#keyRow.begin(keyGroup));
    this.#key = key;
    this.#keyChanged(HAS_KEY | IS_DECODED);
  }

  #setInt(key: number): void {
    const row = this.#keyRow;
    if (this.#state >= IS_INT && row.int === key) return;
    const keyGroup = groupOfInt(key, this.#maxParallelism);
    if (keyGroup < this.#firstKeyGroup || keyGroup > this.#lastKeyGroup) this.#refuseForeign(key, keyGroup);
    row.setInt(keyGroup, key);
    this.#keyChanged(HAS_KEY | IS_SEALED | IS_INT);
  }

  /** The current key, or undefined if there is none. */
  get currentKey(): unknown {
    if ((this.#state & IS_INT) !== 0) return this.#keyRow.int;
    if ((this.#state & (HAS_KEY | IS_DECODED)) === HAS_KEY) {
      const row = this.#sealedKeyRow();
      const reader = this.#reader;
      reader.pointAt(row.bytes, new DataView(row.bytes.buffer, row.bytes.byteOffset), 0, row.length);
      this.#key = decodeKey(reader);
      this.#state |= IS_DECODED;
    }
    return this.#key;
  }

  get hasKey(): boolean {
    return (this.#state & HAS_KEY) !== 0;
  }

  clearCurrentKey(): void {
    this.#key = undefined;
    this.#keyChanged(0);
  }

  /** The window whose state is meant from now on: [start, end) in ms. It stays across changes of the key. */
  setWindow(start: number, end: number): void {
    if (this.#hasWindow && start === this.#windowStart && end === this.#windowEnd) return;
    this.#windowStart = start;
    this.#windowEnd = end;
    this.#hasWindow = true;
    this.#state &= ~HAS_WINDOW_ROW;
    if (this.#elementPrefix === StateNamespace.WINDOW) this.#elementPrefix = -1;
  }

  get windowStart(): number {
    return this.#windowStart;
  }

  get windowEnd(): number {
    return this.#windowEnd;
  }

  /**
   * The row of the current key (and window). Valid until key or window change.
   *
   * @throws MillraceError MR2005 without a current key
   */
  rowOf(namespace: StateNamespace): StateRow {
    return namespace === VOID && (this.#state & IS_SEALED) !== 0
      ? this.#keyRow
      : this.#composedRow(namespace);
  }

  /**
   * A row that begins with {@link rowOf}; append an element after `beginElement()`, then `seal()`. There is
   * one such row, shared by all states: it is used at once.
   *
   * @throws MillraceError MR2005 without a current key
   */
  elementRowOf(namespace: StateNamespace): StateRow {
    this.#needKey();
    const row = this.#elementRow;
    if (this.#elementPrefix !== namespace) {
      this.#appendNamespaced(row, namespace);
      row.sealPrefix();
      this.#elementPrefix = namespace;
    }
    return row;
  }

  /** Composes `time | key | namespace`, the row of a timer. */
  composeTimer(row: StateRow, time: number, namespace: StateNamespace): void {
    this.#needKey();
    const key = this.#sealedKeyRow();
    const out = row.begin(key.keyGroup);
    appendTime(out, time);
    appendBytes(out, key.bytes, 0, key.length);
    if (namespace === StateNamespace.WINDOW) this.#appendWindow(row);
    row.prefixLength = 0;
    row.seal();
  }

  /** Makes current what {@link composeTimer} wrote: its key and, if there is one, its window. */
  setFromTimer(row: StateRow, namespace: StateNamespace): void {
    let end = row.length;
    if (namespace === StateNamespace.WINDOW) {
      end -= 2 * TIME_BYTES;
      this.setWindow(readTime(row.bytes, end), readTime(row.bytes, end + TIME_BYTES));
    }
    appendBytes(this.#keyRow.begin(row.keyGroup), row.bytes, TIME_BYTES, end);
    this.#keyChanged(HAS_KEY);
  }

  #keyChanged(state: number): void {
    this.#state = state;
    this.#elementPrefix = -1;
  }

  #needKey(): void {
    if ((this.#state & HAS_KEY) === 0) refuseWithoutKey();
  }

  #sealedKeyRow(): StateRow {
    if ((this.#state & IS_SEALED) === 0) {
      this.#keyRow.sealPrefix();
      this.#state |= IS_SEALED;
    }
    return this.#keyRow;
  }

  #composedRow(namespace: StateNamespace): StateRow {
    this.#needKey();
    if (namespace === VOID) return this.#sealedKeyRow();
    if ((this.#state & HAS_WINDOW_ROW) === 0) {
      const row = this.#windowRow;
      this.#appendNamespaced(row, namespace);
      row.sealPrefix();
      this.#state |= HAS_WINDOW_ROW;
    }
    return this.#windowRow;
  }

  #appendNamespaced(row: StateRow, namespace: StateNamespace): void {
    const key = this.#sealedKeyRow();
    appendBytes(row.begin(key.keyGroup), key.bytes, 0, key.length);
    if (namespace === StateNamespace.WINDOW) this.#appendWindow(row);
  }

  #appendWindow(row: StateRow): void {
    if (!this.#hasWindow) {
      throw new MillraceError('MR2005', 'The state of a window was used where no window is current.');
    }
    const out = row.writer;
    appendTime(out, this.#windowStart);
    appendTime(out, this.#windowEnd);
  }

  #refuseForeign(key: unknown, keyGroup: number): never {
    this.clearCurrentKey();
    const { start, end } = this.keyGroups;
    throw new MillraceError('MR2007', `The key ${describeKey(key)} belongs to another subtask.`, {
      why: `It falls into key group ${keyGroup}, and this subtask owns ${start} to ${end}.`,
      hint: 'The key selector must give the same key for the same record every time it is asked.',
    });
  }
}

function refuseWithoutKey(): never {
  throw new MillraceError('MR2005', 'Keyed state was used where no key is current.', {
    hint: 'Read and write state in processElement and onTimer; open() may only ask for the state itself.',
  });
}

function describeKey(key: unknown): string {
  const text = typeof key === 'string' ? JSON.stringify(key) : String(key);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
