import { invariant } from '../base/invariant.js';
import type { KeyedStateStore, RowKey, StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { setTime, TIME_BYTES, timeAt } from '../serde/time-layout.js';
import { type KeyContext, StateNamespace } from '../state/key-context.js';
import { TimeWindow } from './time-window.js';
import type { MergingWindowAssigner } from './window-assigner.js';

/** Is told when windows of the set have become one, before the set is asked anything else. */
export interface MergeListener {
  /** A window has come into the set that is part of no other. */
  onInserted(): void;
  /**
   * `merged` were in the set and are now `result`; the state of `result` is under the window `state`, into
   * which that under `mergedStates` is to be moved.
   */
  onMerged(
    result: TimeWindow,
    merged: readonly TimeWindow[],
    state: TimeWindow,
    mergedStates: readonly TimeWindow[],
  ): void;
}

/** A window of the set, and the one under which its state is kept. */
export interface MergingWindow {
  readonly window: TimeWindow;
  readonly state: TimeWindow;
}

const NONE: readonly TimeWindow[] = [];

const ENTRY_BYTES = 4 * TIME_BYTES;
const COUNT_BYTES = 4;

/**
 * The windows of the current key that live, and under which window the state of each is kept: that of one of
 * the windows of which it was made, so that state moves only when two of them have some.
 *
 * ```
 *   row under the key   number of windows u32 | the first of them
 *   row of the others   (a window)*                                         no row if there is one window at most
 *
 *   a window            start | end | start of state | end of state         times of 8 bytes
 * ```
 *
 * Most keys have one window. Rows of one size have the short way through state, and others would not.
 *
 * Invariants: between `load` and `persist` the set is that of the current key, and `#stored` windows of it are in
 * state; no two entries share a window or a state; a key without windows has no row.
 */
export class MergingWindowSet {
  readonly #keys: KeyContext;
  readonly #first: StateTable;
  readonly #others: StateTable;
  readonly #reader = new ByteReader();
  readonly #writer = new ByteWriter(COUNT_BYTES + ENTRY_BYTES);
  readonly #mergeWindows: MergingWindowAssigner['mergeWindows'];
  readonly #listener: MergeListener;
  #entries: MergingWindow[] = [];
  #stored = 0;
  #changed = false;

  constructor(
    access: { readonly keys: KeyContext; readonly store: KeyedStateStore },
    mergeWindows: MergingWindowAssigner['mergeWindows'],
    listener: MergeListener,
  ) {
    const options = { typeId: 'list<window,window>', ordered: false };
    const fixedValueBytes = COUNT_BYTES + ENTRY_BYTES;
    this.#keys = access.keys;
    this.#first = access.store.table('merging-window-set', { ...options, fixedValueBytes });
    this.#others = access.store.table('merging-window-set-others', { ...options, fixedValueBytes: 0 });
    this.#mergeWindows = mergeWindows;
    this.#listener = listener;
  }

  load(): void {
    const reader = this.#reader;
    const row = this.#keys.rowOf(StateNamespace.VOID);
    this.#changed = false;
    this.#stored = 0;
    if (!this.#first.get(row, reader)) {
      this.#entries = [];
      return;
    }
    const count = reader.view.getInt32(reader.position);
    reader.position += COUNT_BYTES;
    this.#stored = count;
    this.#entries = [readEntry(reader)];
    if (count > 1) this.#loadOthers(row);
  }

  #loadOthers(row: RowKey): void {
    const reader = this.#reader;
    const found = this.#others.get(row, reader);
    while (found && reader.position < reader.limit) this.#entries.push(readEntry(reader));
    invariant(this.#entries.length === this.#stored, 'a key has as many windows as are counted', {
      counted: this.#stored,
      found: this.#entries.length,
    });
  }

  persist(): void {
    if (!this.#changed) return;
    this.#changed = false;
    const row = this.#keys.rowOf(StateNamespace.VOID);
    const writer = this.#writer;
    const count = this.#entries.length;
    const first = this.#entries[0];
    if (first === undefined) {
      this.#first.delete(row);
    } else {
      writer.clear();
      writer.reserve(COUNT_BYTES + ENTRY_BYTES);
      writer.view.setInt32(0, count);
      writer.position = COUNT_BYTES;
      writeEntry(first, writer);
      this.#first.put(row, writer, 0);
    }
    if (count > 1) this.#persistOthers(row);
    else if (this.#stored > 1) this.#others.delete(row);
    this.#stored = count;
  }

  #persistOthers(row: RowKey): void {
    const writer = this.#writer;
    writer.clear();
    for (const entry of this.#entries.slice(1)) {
      writer.reserve(ENTRY_BYTES);
      writeEntry(entry, writer);
    }
    this.#others.put(row, writer, 0);
  }

  /** Adds a window, and gives the one that it has become part of: perhaps itself. */
  add(window: TimeWindow): MergingWindow {
    if (this.#mergeWindows === TimeWindow.mergeWindows) return this.#addTouching(window);
    return this.#addByAssigner(window);
  }

  /** The window of the set under which the state of `window` is kept; undefined if it is not in the set. */
  stateWindowOf(window: TimeWindow): TimeWindow | undefined {
    for (const entry of this.#entries) if (entry.window.equals(window)) return entry.state;
    return undefined;
  }

  /** The window of the set that holds all of `window`. */
  covering(window: TimeWindow): TimeWindow | undefined {
    for (const entry of this.#entries) {
      if (entry.window.start <= window.start && entry.window.end >= window.end) return entry.window;
    }
    return undefined;
  }

  retire(window: TimeWindow): void {
    const kept = this.#entries.filter((entry) => !entry.window.equals(window));
    invariant(kept.length === this.#entries.length - 1, 'a window that is retired was in the set', {
      start: window.start,
      end: window.end,
    });
    this.#entries = kept;
    this.#changed = true;
  }

  /** What `TimeWindow.mergeWindows` leads to, found without sorting: no two windows of the set touch. */
  #addTouching(window: TimeWindow): MergingWindow {
    const entries = this.#entries;
    let touching = 0;
    let first = 0;
    for (let i = 0; i < entries.length; i++) {
      if (entries[i]?.window.intersects(window) !== true) continue;
      if (touching++ === 0) first = i;
    }
    const met = entries[first];
    if (touching === 0 || met === undefined) return this.#insert(window);
    if (touching === 1) {
      const { start, end } = met.window;
      if (start <= window.start && end >= window.end) return met;
      return this.#grow(first, met, met.window.cover(window));
    }
    const before = entries.filter((entry) => entry.window.intersects(window));
    return this.#replace(
      before.reduce((result, entry) => result.cover(entry.window), window),
      before,
    );
  }

  #addByAssigner(window: TimeWindow): MergingWindow {
    const known = this.#entries.find((entry) => entry.window.equals(window));
    if (known !== undefined) return known;
    const results: { readonly merged: readonly TimeWindow[]; readonly result: TimeWindow }[] = [];
    const windows = [...this.#entries.map((entry) => entry.window), window];
    this.#mergeWindows(windows, (merged, result) => results.push({ merged: [...merged], result }));
    let actual = window;
    for (const { merged, result } of results) {
      if (has(merged, window)) actual = result;
      const before = this.#entries.filter((entry) => has(merged, entry.window));
      const isUnchanged = before.length === 1 && before[0]?.window.equals(result) === true;
      if (before.length > 0 && !isUnchanged) this.#replace(result, before);
    }
    return this.#entries.find((entry) => entry.window.equals(actual)) ?? this.#insert(actual);
  }

  #insert(window: TimeWindow): MergingWindow {
    const entry = { window, state: window };
    this.#entries.push(entry);
    this.#changed = true;
    this.#listener.onInserted();
    return entry;
  }

  /** One window becomes larger. */
  #grow(index: number, before: MergingWindow, result: TimeWindow): MergingWindow {
    const entry = { window: result, state: before.state };
    this.#entries[index] = entry;
    this.#changed = true;
    this.#listener.onMerged(result, [before.window], entry.state, NONE);
    return entry;
  }

  #replace(result: TimeWindow, before: readonly MergingWindow[]): MergingWindow {
    const state = before[0]?.state ?? result;
    const entry = { window: result, state };
    this.#entries = this.#entries.filter((other) => !before.includes(other));
    this.#entries.push(entry);
    this.#changed = true;
    this.#listener.onMerged(
      result,
      before.map((other) => other.window),
      state,
      before.slice(1).map((other) => other.state),
    );
    return entry;
  }
}

function readEntry(reader: ByteReader): MergingWindow {
  const { view, position } = reader;
  reader.position = position + ENTRY_BYTES;
  const window = new TimeWindow(timeAt(view, position), timeAt(view, position + TIME_BYTES));
  const start = timeAt(view, position + 2 * TIME_BYTES);
  const end = timeAt(view, position + 3 * TIME_BYTES);
  const isOwn = window.start === start && window.end === end;
  return { window, state: isOwn ? window : new TimeWindow(start, end) };
}

/** There is room. */
function writeEntry({ window, state }: MergingWindow, writer: ByteWriter): void {
  const { view, position } = writer;
  setTime(view, position, window.start);
  setTime(view, position + TIME_BYTES, window.end);
  setTime(view, position + 2 * TIME_BYTES, state.start);
  setTime(view, position + 3 * TIME_BYTES, state.end);
  writer.position = position + ENTRY_BYTES;
}

function has(windows: readonly TimeWindow[], window: TimeWindow): boolean {
  return windows.some((other) => window.equals(other));
}
