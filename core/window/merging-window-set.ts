import { invariant } from '../base/invariant.js';
import type { KeyedStateStore, StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { appendTime, readTime, TIME_BYTES } from '../serde/time-layout.js';
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

/**
 * The windows of the current key that live, and under which window the state of each is kept: that of one of
 * the windows of which it was made, so that state moves only when two of them have some.
 *
 * ```
 *   row under the key   (start | end | start of state | end of state)*      times of 8 bytes
 * ```
 *
 * Invariants: between `load` and `persist` the set is that of the current key; no two entries share a window
 * or a state; a key without windows has no row.
 */
export class MergingWindowSet {
  readonly #keys: KeyContext;
  readonly #table: StateTable;
  readonly #reader = new ByteReader();
  readonly #writer = new ByteWriter(ENTRY_BYTES);
  readonly #mergeWindows: MergingWindowAssigner['mergeWindows'];
  readonly #listener: MergeListener;
  #entries: MergingWindow[] = [];
  #changed = false;

  constructor(
    access: { readonly keys: KeyContext; readonly store: KeyedStateStore },
    mergeWindows: MergingWindowAssigner['mergeWindows'],
    listener: MergeListener,
  ) {
    const options = { typeId: 'list<window,window>', ordered: false, fixedValueBytes: 0 };
    this.#keys = access.keys;
    this.#table = access.store.table('merging-window-set', options);
    this.#mergeWindows = mergeWindows;
    this.#listener = listener;
  }

  load(): void {
    const reader = this.#reader;
    this.#changed = false;
    this.#entries.length = 0;
    if (!this.#table.get(this.#keys.rowOf(StateNamespace.VOID), reader)) return;
    const { bytes } = reader;
    for (let at = reader.position; at < reader.limit; at += ENTRY_BYTES) {
      const window = new TimeWindow(readTime(bytes, at), readTime(bytes, at + TIME_BYTES));
      const start = readTime(bytes, at + 2 * TIME_BYTES);
      const end = readTime(bytes, at + 3 * TIME_BYTES);
      const isOwn = window.start === start && window.end === end;
      this.#entries.push({ window, state: isOwn ? window : new TimeWindow(start, end) });
    }
  }

  persist(): void {
    if (!this.#changed) return;
    this.#changed = false;
    const row = this.#keys.rowOf(StateNamespace.VOID);
    if (this.#entries.length === 0) {
      this.#table.delete(row);
      return;
    }
    const writer = this.#writer;
    writer.clear();
    for (const { window, state } of this.#entries) {
      appendTime(writer, window.start);
      appendTime(writer, window.end);
      appendTime(writer, state.start);
      appendTime(writer, state.end);
    }
    this.#table.put(row, writer, 0);
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

function has(windows: readonly TimeWindow[], window: TimeWindow): boolean {
  return windows.some((other) => window.equals(other));
}
