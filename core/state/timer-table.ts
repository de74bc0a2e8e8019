import { invariant } from '../base/invariant.js';
import type { KeyedStateStore, StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { appendTime } from '../serde/time-layout.js';
import { FarTimers } from './far-timers.js';
import { StateNamespace } from './key-context.js';
import { StateRow, TIMER_PREFIX_BYTES } from './state-row.js';
import { TimerQueue } from './timer-queue.js';

/** Rows of a timer hold nothing. */
const NOTHING = new ByteWriter(0);
/** Timers whose order is kept in memory, unless more of them belong to one bucket: some ten megabytes. */
const NEAR_MAX = 1 << 18;

/**
 * The timers of one kind of one service: rows in the store, and the order of those that fire first in memory. The
 * others are only counted, by buckets of time; when those in memory are used up, the rows of the next bucket are
 * fetched. So ten million timers take the memory of their rows, which is the store's.
 *
 * Invariants:
 * - `#queue` holds every row whose time is below `#horizon`, and perhaps rows that are gone; `#far` counts the others;
 * - `count` counts the rows that exist, `#near` those of them that are below the horizon;
 * - while a row exists, `#queue` is not empty after {@link firstTime} was asked.
 */
export class TimerTable {
  readonly #store: KeyedStateStore;
  #table: StateTable;
  readonly #nearMax: number;
  readonly #queue = new TimerQueue();
  readonly #far = new FarTimers();
  readonly #reader = new ByteReader();
  readonly #row = new StateRow();
  /** The first time of a bucket, ms, or Infinity. */
  #horizon = Number.POSITIVE_INFINITY;
  #near = 0;
  /** Size of the queue above which it is cut. */
  #cutAt: number;
  /** Rows that exist. */
  count = 0;

  /**
   * @param onLoaded the timers of the checkpoint are there; called after this if the store is restored later
   * @param nearMax timers whose order is kept in memory, at most
   */
  constructor(
    store: KeyedStateStore,
    name: string,
    namespace: StateNamespace,
    onLoaded: () => void,
    nearMax = NEAR_MAX,
  ) {
    this.#store = store;
    this.#nearMax = nearMax;
    this.#cutAt = nearMax;
    this.#table = store.table(name, {
      typeId: `timer<${namespace === StateNamespace.VOID ? 'key' : 'key,window'}>`,
      ordered: true,
      fixedValueBytes: 0,
      onRestored: (table) => {
        this.#load(table);
        onLoaded();
      },
    });
  }

  #load(table: StateTable): void {
    this.#table = table;
    const row = new StateRow();
    const { start, end } = this.#store.keyGroups;
    for (let keyGroup = start; keyGroup <= end; keyGroup++) {
      table.scanKeyGroup(keyGroup, (key) => {
        row.setTo(keyGroup, key);
        this.#add(row);
        return true;
      });
    }
  }

  /** Of the first timer, which may be gone; Infinity if there is none. */
  get firstTime(): number {
    if (this.#queue.size === 0 && !this.#far.isEmpty) this.#fetch();
    return this.#queue.firstTime;
  }

  register(row: StateRow): void {
    if (this.#table.get(row, this.#reader)) return;
    this.#table.put(row, NOTHING, 0);
    this.#add(row);
  }

  remove(row: StateRow): void {
    if (!this.#table.delete(row)) return;
    this.count--;
    if (row.time >= this.#horizon) {
      this.#far.remove(row.time);
      return;
    }
    this.#near--;
    const gone = this.#queue.size - this.#near;
    if (gone > 1024 && gone > this.#near) this.#prune();
  }

  /** Removes the first entry and copies it. False if its timer was gone already. */
  take(into: StateRow): boolean {
    this.#queue.take(into);
    if (!this.#table.delete(into)) return false;
    this.count--;
    this.#near--;
    return true;
  }

  /** A row that exists, and did not before. */
  #add(row: StateRow): void {
    if (this.count === 0) this.#horizon = Number.POSITIVE_INFINITY;
    this.count++;
    if (row.time >= this.#horizon) {
      this.#far.add(row.time);
      return;
    }
    this.#near++;
    this.#queue.add(row);
    if (this.#queue.size > this.#cutAt) this.#cut();
  }

  /** Leaves the later half of the queue to the store, as far as that makes whole buckets. */
  #cut(): void {
    // A timer may stand in it twice if it has been gone in between, and is counted once.
    if (this.#queue.size > this.#near) this.#prune();
    const first = FarTimers.startOf(this.#queue.firstTime);
    const middle = FarTimers.startOf(this.#queue.medianTime());
    this.#horizon = Math.min(this.#horizon, middle > first ? middle : FarTimers.endOf(first));
    this.#queue.dropFrom(this.#horizon, (time) => {
      this.#far.add(time);
      this.#near--;
    });
    // Where one bucket has more than may be in memory, it is not looked through again for each further timer.
    this.#cutAt = Math.max(this.#nearMax, 2 * this.#queue.size);
  }

  #prune(): void {
    this.#queue.prune((entry) => this.#table.get(entry, this.#reader));
  }

  /** Fetches the first bucket behind the horizon that has timers. */
  #fetch(): void {
    const bucket = this.#far.takeFirst();
    invariant(this.#near === 0, 'a bucket is fetched when all timers before it are gone', {
      near: this.#near,
    });
    const { start, end } = this.#store.keyGroups;
    const row = this.#row;
    for (let keyGroup = start; keyGroup <= end; keyGroup++) {
      const prefix = new StateRow();
      appendTime(prefix.begin(keyGroup), bucket.start);
      prefix.writer.position = TIMER_PREFIX_BYTES;
      prefix.sealPrefix();
      this.#table.scan(prefix, (key) => {
        row.setTo(keyGroup, key);
        this.#queue.add(row);
        this.#near++;
        return true;
      });
    }
    invariant(this.#near === bucket.count, 'every timer of a bucket is in the store', {
      near: this.#near,
      ...bucket,
    });
    this.#horizon = FarTimers.endOf(bucket.start);
    this.#cutAt = Math.max(this.#nearMax, 2 * this.#queue.size);
  }
}
