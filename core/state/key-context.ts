import { MillraceError } from '../base/millrace-error.js';
import { murmurOfInt } from '../base/murmur3.js';
import { keyGroupOf } from '../graph/key-group.js';
import { type KeyGroupRange, RowForm } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { decodeKey } from '../serde/key-decoding.js';
import { encodeKey } from '../serde/key-encoding.js';
import { INT_KEY_BYTES, intOfKeyAt, isIntKeyAt } from '../serde/key-layout.js';
import { appendTime, readTime, TIME_BYTES } from '../serde/time-layout.js';
import { LOOK_AHEAD_RECORDS } from './look-ahead.js';
import { appendBytes, StateRow, TIMER_PREFIX_BYTES } from './state-row.js';
import { TextKeyWalk, textKeyWords } from './text-key.js';
import { TextKeys } from './text-keys.js';

/** Whether rows of a state belong to the key alone, or to the key and the current window. */
export const StateNamespace = { VOID: 0, WINDOW: 1 } as const;

/** hot path: as in state-row.ts, constants of this file are part of the machine code, and imported ones are not. */
const hashOfInt = murmurOfInt;
const OPEN = RowForm.OPEN;

export type StateNamespace = (typeof StateNamespace)[keyof typeof StateNamespace];

const HAS_KEY = 1;
/** `key` is the key; otherwise it is decoded from the row when somebody asks, as after a timer has set its bytes. */
const IS_DECODED = 2;
/** The key is an integer of 32 bits, and `key` is not used. */
const IS_INT = 4;
const HAS_KEY_AND_IS_INT = HAS_KEY | IS_INT;

/**
 * The current key and window of one operator, and the row addresses that follow from them. The bytes of a
 * key are made once per key, whatever number of states are then used with it.
 *
 * Invariants:
 * - `keyRow` holds the current key's bytes and key group while `state` has HAS_KEY, and is not sealed otherwise;
 * - the row of a namespace is the same object for good, and right while it is sealed: a change of the key or the
 *   window unseals those that hang on it;
 * - a key group outside the subtask's range never becomes current.
 *
 * hot path: {@link setCurrentKey} runs once per record, and a state looks at its row once and more; what runs then is
 * kept short enough to be inlined into the operator (bench/scenarios/keyed-count).
 */
export class KeyContext {
  readonly keyGroups: KeyGroupRange;
  private maxParallelism = 0;
  /** maxParallelism - 1 if that is all the bits of a key group, else -1. */
  private groupMask = 0;
  private firstKeyGroup = 0;
  private lastKeyGroup = 0;
  private readonly keyRow = new StateRow();
  private readonly windowRow = new StateRow();
  private readonly elementRow = new StateRow();
  private readonly reader = new ByteReader();
  /** Keys that are texts, walked before they come. */
  readonly texts: TextKeys;
  /** Of a text that was not walked ahead. */
  private readonly walk = new TextKeyWalk();
  private walked = new Int32Array(16);
  private key: unknown = undefined;
  /** What is known of the current key: HAS_KEY and the others. One number, so that a new key is one store. */
  private state = 0;
  /** Namespace whose prefix the element row begins with, or -1. */
  private elementPrefix = -1;
  /** Whether the window row or the element row hangs on the current key. */
  private hasDependents = false;
  private hasWindow = false;
  /** The current window, [start, end) in ms. Set by {@link setWindow} only. */
  windowStart = 0;
  windowEnd = 0;

  constructor(keyGroups: KeyGroupRange, maxParallelism: number) {
    this.keyGroups = keyGroups;
    this.texts = new TextKeys(LOOK_AHEAD_RECORDS, keyGroups, maxParallelism);
    this.maxParallelism = maxParallelism;
    this.groupMask = (maxParallelism & (maxParallelism - 1)) === 0 ? maxParallelism - 1 : -1;
    this.firstKeyGroup = keyGroups.start;
    this.lastKeyGroup = keyGroups.end;
  }

  /**
   * @throws MillraceError MR2004 for a key without canonical form, MR2007 if another subtask owns the key
   */
  setCurrentKey(key: unknown): void {
    if (typeof key !== 'number' || (key | 0) !== key) {
      this.setOther(key);
      return;
    }
    const row = this.keyRow;
    if (row.int === key && this.state === HAS_KEY_AND_IS_INT) return;
    const int = key | 0;
    const hash = hashOfInt(int);
    const mask = this.groupMask;
    const keyGroup = mask < 0 ? hash % this.maxParallelism : hash & mask;
    if (keyGroup < this.firstKeyGroup || keyGroup > this.lastKeyGroup) this.refuseForeign(key, keyGroup);
    row.setHashedInt(keyGroup, int, hash);
    this.state = HAS_KEY_AND_IS_INT;
    if (this.hasDependents) this.forgetDependents();
  }

  private setOther(key: unknown): void {
    if (typeof key === 'string') {
      this.setText(key);
      return;
    }
    if ((this.state & IS_DECODED) !== 0 && key === this.key && typeof key !== 'object') return;
    const keyGroup = keyGroupOf(key, this.maxParallelism);
    if (keyGroup < this.firstKeyGroup || keyGroup > this.lastKeyGroup) this.refuseForeign(key, keyGroup);
    encodeKey(key, this.keyRow.begin(keyGroup));
    this.key = key;
    this.keyChanged(HAS_KEY | IS_DECODED);
  }

  private setText(key: string): void {
    const { texts } = this;
    const at = texts.take(key);
    if (at < 0 || texts.lengths[at] === 0) {
      if ((this.state & IS_DECODED) === 0 || key !== this.key) this.walkText(key);
      return;
    }
    texts.setRow(this.keyRow, at);
    this.key = key;
    this.state = HAS_KEY | IS_DECODED;
    if (this.hasDependents) this.forgetDependents();
  }

  private walkText(key: string): void {
    const room = textKeyWords(key.length);
    if (room > this.walked.length) this.walked = new Int32Array(2 * room);
    const { walk, walked } = this;
    const length = walk.walk(key, walked, 0);
    const keyGroup =
      length === 0 ? keyGroupOf(key, this.maxParallelism) : hashOfInt(walk.code) % this.maxParallelism;
    if (keyGroup < this.firstKeyGroup || keyGroup > this.lastKeyGroup) this.refuseForeign(key, keyGroup);
    if (length > 0) this.keyRow.setWords(keyGroup, walked, 0, length, walk.hash);
    else encodeKey(key, this.keyRow.begin(keyGroup));
    this.key = key;
    this.keyChanged(HAS_KEY | IS_DECODED);
  }

  /** The current key, or undefined if there is none. */
  get currentKey(): unknown {
    if ((this.state & IS_INT) !== 0) return this.keyRow.int;
    if ((this.state & (HAS_KEY | IS_DECODED)) === HAS_KEY) {
      const row = this.rowOf(StateNamespace.VOID);
      const reader = this.reader;
      reader.pointAt(row.bytes, new DataView(row.bytes.buffer, row.bytes.byteOffset), 0, row.length);
      this.key = decodeKey(reader);
      this.state |= IS_DECODED;
    }
    return this.key;
  }

  get hasKey(): boolean {
    return (this.state & HAS_KEY) !== 0;
  }

  clearCurrentKey(): void {
    this.key = undefined;
    this.keyRow.begin(0);
    this.keyChanged(0);
  }

  /** The window whose state is meant from now on: [start, end) in ms. It stays across changes of the key. */
  setWindow(start: number, end: number): void {
    if (this.hasWindow && start === this.windowStart && end === this.windowEnd) return;
    this.windowStart = start;
    this.windowEnd = end;
    this.hasWindow = true;
    this.windowRow.form = OPEN;
    if (this.elementPrefix === StateNamespace.WINDOW) this.elementPrefix = -1;
  }

  /**
   * The row of the current key (and window). Valid until key or window change.
   *
   * @throws MillraceError MR2005 without a current key
   */
  rowOf(namespace: StateNamespace): StateRow {
    const row = this.rowObjectOf(namespace);
    if (row.form === OPEN) this.sealRow(namespace);
    return row;
  }

  /** The object that {@link rowOf} gives; it is right unless it is OPEN, and then {@link sealRow} makes it so. */
  rowObjectOf(namespace: StateNamespace): StateRow {
    return namespace === StateNamespace.VOID ? this.keyRow : this.windowRow;
  }

  /** @throws MillraceError MR2005 without a current key */
  sealRow(namespace: StateNamespace): void {
    this.needKey();
    if (namespace === StateNamespace.VOID) {
      this.keyRow.sealPrefix();
      return;
    }
    this.needWindow();
    this.hasDependents = true;
    const key = this.rowOf(StateNamespace.VOID);
    if (key.form === RowForm.INT) {
      this.windowRow.setWindow(this.windowStart, this.windowEnd);
      this.windowRow.setIntWindow(key.keyGroup, key.int, key.hash);
      return;
    }
    this.appendNamespaced(this.windowRow, namespace);
    this.windowRow.sealPrefix();
  }

  /**
   * A row that begins with {@link rowOf}; append an element after `beginElement()`, then `seal()`. There is
   * one such row, shared by all states: it is used at once.
   *
   * @throws MillraceError MR2005 without a current key
   */
  elementRowOf(namespace: StateNamespace): StateRow {
    this.needKey();
    const row = this.elementRow;
    if (this.elementPrefix !== namespace) {
      this.appendNamespaced(row, namespace);
      row.sealPrefix();
      this.elementPrefix = namespace;
      this.hasDependents = true;
    }
    return row;
  }

  /** Composes `time | key | namespace`, the row of a timer. */
  composeTimer(row: StateRow, time: number, namespace: StateNamespace): void {
    this.needKey();
    const key = this.rowOf(StateNamespace.VOID);
    appendTime(row.begin(key.keyGroup), time);
    this.appendKey(row, key);
    if (namespace === StateNamespace.WINDOW) this.appendWindow(row);
    row.prefixLength = TIMER_PREFIX_BYTES;
    row.seal();
  }

  /** Makes current what {@link composeTimer} wrote: its key and, if there is one, its window. */
  setFromTimer(row: StateRow, namespace: StateNamespace): void {
    let end = row.length;
    if (namespace === StateNamespace.WINDOW) {
      end -= 2 * TIME_BYTES;
      this.setWindow(readTime(row.bytes, end), readTime(row.bytes, end + TIME_BYTES));
    }
    const { bytes, keyGroup } = row;
    if (end === TIME_BYTES + INT_KEY_BYTES && isIntKeyAt(bytes, TIME_BYTES)) {
      this.keyRow.setInt(keyGroup, intOfKeyAt(bytes, TIME_BYTES));
      this.keyChanged(HAS_KEY_AND_IS_INT);
      return;
    }
    appendBytes(this.keyRow.begin(keyGroup), bytes, TIME_BYTES, end);
    this.keyChanged(HAS_KEY);
  }

  private keyChanged(state: number): void {
    this.state = state;
    if (this.hasDependents) this.forgetDependents();
  }

  private forgetDependents(): void {
    this.hasDependents = false;
    this.windowRow.form = OPEN;
    this.elementPrefix = -1;
  }

  private needKey(): void {
    if ((this.state & HAS_KEY) === 0) refuseWithoutKey();
  }

  private needWindow(): void {
    if (this.hasWindow) return;
    throw new MillraceError('MR2005', 'The state of a window was used where no window is current.');
  }

  private appendNamespaced(row: StateRow, namespace: StateNamespace): void {
    const key = this.rowOf(StateNamespace.VOID);
    row.begin(key.keyGroup);
    this.appendKey(row, key);
    if (namespace === StateNamespace.WINDOW) this.appendWindow(row);
  }

  private appendKey(row: StateRow, key: StateRow): void {
    if (key.form === RowForm.INT) encodeKey(key.int, row.writer);
    else appendBytes(row.writer, key.bytes, 0, key.length);
  }

  private appendWindow(row: StateRow): void {
    this.needWindow();
    const out = row.writer;
    appendTime(out, this.windowStart);
    appendTime(out, this.windowEnd);
  }

  private refuseForeign(key: unknown, keyGroup: number): never {
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
