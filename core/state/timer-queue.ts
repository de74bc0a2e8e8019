import { invariant } from '../base/invariant.js';
import type { RowKey } from '../ports/keyed-state-store.js';
import { readTime } from '../serde/time-layout.js';
import { StateRow, TIMER_PREFIX_BYTES } from './state-row.js';

/**
 * Timers in the order in which they fire: a binary heap of (time, row) over plain memory, so that a million
 * timers are a few flat arrays and no objects.
 *
 * ```
 *   entry in the arena   key group u16 | length u32 | row bytes (time | key | namespace)
 * ```
 *
 * The order is that of the row bytes: by time, then by key, then by window; it does not depend on when a
 * timer was added, so a restored queue fires as the old one would have.
 *
 * Removal is lazy. The table of timers says which ones exist; an entry whose row is gone is passed over by
 * its owner. {@link prune} drops such entries when they prevail.
 *
 * Invariants: times[i] is the time at the head of the row at refs[i]; parent <= child in the order above;
 * every ref lies below `arenaEnd`.
 */
export class TimerQueue {
  #times = new Float64Array(64);
  #refs = new Uint32Array(64);
  #size = 0;
  #arena = new Uint8Array(4096);
  #arenaEnd = 0;
  /** Bytes of entries that have left the heap. */
  #arenaDead = 0;

  get size(): number {
    return this.#size;
  }

  /** Time of the first timer, or Infinity. */
  get firstTime(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] ?? 0);
  }

  add(row: RowKey): void {
    if (this.#size === this.#times.length) this.#growHeap();
    const ref = this.#store(row.keyGroup, row.bytes, row.length);
    this.#siftUp(this.#size++, readTime(row.bytes, 0), ref);
  }

  /** Copies the first timer into `into` and removes it. There must be one. */
  take(into: StateRow): void {
    invariant(this.#size > 0, 'a timer is taken from a queue that has one');
    const ref = this.#refs[0] ?? 0;
    this.#read(ref, into);
    this.#arenaDead += HEADER_BYTES + into.length;
    const last = --this.#size;
    if (last > 0) this.#siftDown(0, this.#times[last] ?? 0, this.#refs[last] ?? 0);
    else this.#arenaEnd = this.#arenaDead = 0;
    if (this.#arenaDead > 65_536 && this.#arenaDead > this.#arenaEnd / 2) this.#compact();
  }

  /** The time that half of the timers are not above. There must be one. */
  medianTime(): number {
    return this.#times.slice(0, this.#size).sort()[(this.#size - 1) >> 1] ?? 0;
  }

  /** Drops the timers of this time and later ones, and tells their times in no order. */
  dropFrom(time: number, tell: (time: number) => void): void {
    let kept = 0;
    for (let i = 0; i < this.#size; i++) {
      const own = this.#times[i] ?? 0;
      const ref = this.#refs[i] ?? 0;
      if (own < time) {
        this.#times[kept] = own;
        this.#refs[kept++] = ref;
      } else {
        this.#arenaDead += HEADER_BYTES + readUint32(this.#arena, ref + 2);
        tell(own);
      }
    }
    this.#size = kept;
    for (let i = (kept >> 1) - 1; i >= 0; i--) this.#siftDown(i, this.#times[i] ?? 0, this.#refs[i] ?? 0);
    this.#compact();
  }

  /** Drops the entries that `exists` denies, and all but one of equal ones. */
  prune(exists: (row: StateRow) => boolean): void {
    const row = new StateRow();
    const kept: number[] = [];
    for (let i = 0; i < this.#size; i++) {
      const ref = this.#refs[i] ?? 0;
      this.#read(ref, row);
      if (exists(row)) kept.push(ref);
    }
    kept.sort((a, b) => this.#compare(a, b));
    const distinct = kept.filter((ref, i) => i === 0 || this.#compare(kept[i - 1] ?? 0, ref) !== 0);
    // An ascending array is a heap.
    this.#size = distinct.length;
    for (let i = 0; i < distinct.length; i++) {
      const ref = distinct[i] ?? 0;
      this.#refs[i] = ref;
      this.#times[i] = readTime(this.#arena, ref + HEADER_BYTES);
    }
    this.#compact();
  }

  #siftUp(hole: number, time: number, ref: number): void {
    const times = this.#times;
    const refs = this.#refs;
    let at = hole;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentTime = times[parent] ?? 0;
      const parentRef = refs[parent] ?? 0;
      if (parentTime < time || (parentTime === time && this.#compare(parentRef, ref) <= 0)) break;
      times[at] = parentTime;
      refs[at] = parentRef;
      at = parent;
    }
    times[at] = time;
    refs[at] = ref;
  }

  #siftDown(hole: number, time: number, ref: number): void {
    const times = this.#times;
    const refs = this.#refs;
    const size = this.#size;
    let at = hole;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, times[child] ?? 0, refs[child] ?? 0)) child++;
      if (!this.#isBefore(child, time, ref)) break;
      times[at] = times[child] ?? 0;
      refs[at] = refs[child] ?? 0;
      at = child;
    }
    times[at] = time;
    refs[at] = ref;
  }

  #isBefore(index: number, time: number, ref: number): boolean {
    const own = this.#times[index] ?? 0;
    if (own !== time) return own < time;
    return this.#compare(this.#refs[index] ?? 0, ref) < 0;
  }

  /** Order of the rows of two entries. */
  #compare(a: number, b: number): number {
    const arena = this.#arena;
    const aLength = readUint32(arena, a + 2);
    const bLength = readUint32(arena, b + 2);
    const shared = Math.min(aLength, bLength);
    const aRow = a + HEADER_BYTES;
    const bRow = b + HEADER_BYTES;
    for (let i = 0; i < shared; i++) {
      const difference = (arena[aRow + i] ?? 0) - (arena[bRow + i] ?? 0);
      if (difference !== 0) return difference;
    }
    return aLength - bLength;
  }

  #read(ref: number, into: StateRow): void {
    const arena = this.#arena;
    const length = readUint32(arena, ref + 2);
    const out = into.begin(((arena[ref] ?? 0) << 8) | (arena[ref + 1] ?? 0));
    out.reserve(length);
    for (let i = 0; i < length; i++) out.bytes[i] = arena[ref + HEADER_BYTES + i] ?? 0;
    out.position = length;
    into.prefixLength = TIMER_PREFIX_BYTES;
    into.seal();
  }

  #store(keyGroup: number, bytes: Uint8Array, length: number): number {
    const ref = this.#arenaEnd;
    if (ref + HEADER_BYTES + length > this.#arena.length) this.#growArena(HEADER_BYTES + length);
    const arena = this.#arena;
    arena[ref] = keyGroup >>> 8;
    arena[ref + 1] = keyGroup;
    arena[ref + 2] = length >>> 24;
    arena[ref + 3] = length >>> 16;
    arena[ref + 4] = length >>> 8;
    arena[ref + 5] = length;
    for (let i = 0; i < length; i++) arena[ref + HEADER_BYTES + i] = bytes[i] ?? 0;
    this.#arenaEnd = ref + HEADER_BYTES + length;
    return ref;
  }

  #growHeap(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const refs = new Uint32Array(times.length);
    refs.set(this.#refs);
    this.#refs = refs;
  }

  #growArena(count: number): void {
    let capacity = this.#arena.length * 2;
    while (capacity < this.#arenaEnd + count) capacity *= 2;
    invariant(capacity <= 0x1_0000_0000, 'the timers of a subtask fit into 4 GiB', { capacity });
    const arena = new Uint8Array(capacity);
    arena.set(this.#arena.subarray(0, this.#arenaEnd));
    this.#arena = arena;
  }

  /** Copies the living entries together. */
  #compact(): void {
    const old = this.#arena;
    const living = this.#arenaEnd - this.#arenaDead;
    let capacity = 4096;
    while (capacity < living * 2 && capacity < old.length) capacity *= 2;
    const arena = new Uint8Array(Math.max(capacity, living));
    let end = 0;
    for (let i = 0; i < this.#size; i++) {
      const ref = this.#refs[i] ?? 0;
      const count = HEADER_BYTES + readUint32(old, ref + 2);
      arena.set(old.subarray(ref, ref + count), end);
      this.#refs[i] = end;
      end += count;
    }
    this.#arena = arena;
    this.#arenaEnd = end;
    this.#arenaDead = 0;
  }
}

const HEADER_BYTES = 6;

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}
