import type { KeyedStateStore, KeyGroupRange, StateTable } from '../ports/keyed-state-store.js';
import { ByteReader } from '../serde/byte-reader.js';
import { ByteWriter } from '../serde/byte-writer.js';
import { StateNamespace } from './key-context.js';
import { StateRow } from './state-row.js';
import { TimerQueue } from './timer-queue.js';

/** Rows of a timer hold nothing. */
const NOTHING = new ByteWriter(0);

/**
 * The timers of one kind of one service: rows in the store, and their order in memory.
 *
 * Invariant: the queue holds every row that exists, and perhaps rows that are gone; `count` counts the former.
 */
export class TimerTable {
  readonly #table: StateTable;
  readonly #queue = new TimerQueue();
  readonly #reader = new ByteReader();
  /** Rows that exist. */
  count = 0;

  /** `onLoaded`: the timers of the checkpoint are there; called after this if the store is restored later. */
  constructor(store: KeyedStateStore, name: string, namespace: StateNamespace, onLoaded: () => void) {
    this.#table = store.table(name, {
      typeId: `timer<${namespace === StateNamespace.VOID ? 'key' : 'key,window'}>`,
      ordered: true,
      fixedValueBytes: 0,
      onRestored: (table) => {
        this.#load(table, store.keyGroups);
        onLoaded();
      },
    });
  }

  #load(table: StateTable, keyGroups: KeyGroupRange): void {
    const row = new StateRow();
    for (let keyGroup = keyGroups.start; keyGroup <= keyGroups.end; keyGroup++) {
      table.scanKeyGroup(keyGroup, (key) => {
        row.setTo(keyGroup, key);
        this.#queue.add(row);
        this.count++;
        return true;
      });
    }
  }

  get firstTime(): number {
    return this.#queue.firstTime;
  }

  register(row: StateRow): void {
    if (this.#table.get(row, this.#reader)) return;
    this.#table.put(row, NOTHING, 0);
    this.#queue.add(row);
    this.count++;
  }

  remove(row: StateRow): void {
    if (!this.#table.delete(row)) return;
    this.count--;
    const gone = this.#queue.size - this.count;
    if (gone > 1024 && gone > this.count) this.#queue.prune((entry) => this.#table.get(entry, this.#reader));
  }

  /** Removes the first entry and copies it. False if its timer was gone already. */
  take(into: StateRow): boolean {
    this.#queue.take(into);
    if (!this.#table.delete(into)) return false;
    this.count--;
    return true;
  }
}
