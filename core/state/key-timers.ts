import type { KeyedStateStore, StateTable } from '../ports/keyed-state-store.js';
import { readTime, TIME_BYTES } from '../serde/time-layout.js';
import { type KeyContext, StateNamespace } from './key-context.js';
import { textOf } from './key-scan.js';

/** Type of the timers that belong to a key alone, as a checkpoint names it. */
export const KEY_TIMER_TYPE = 'timer<key>';

/** Names of the tables of the timers that user functions set. */
export const USER_TIMERS = {
  eventTime: 'timers:user:event-time',
  processingTime: 'timers:user:processing-time',
} as const;

/**
 * The timers of one kind by key, for who reads state key by key.
 *
 * Invariant: holds those of the key group that was loaded last.
 */
export class KeyTimers {
  readonly #table: StateTable;
  readonly #keys: KeyContext;
  readonly #times = new Map<string, number[]>();

  constructor(store: KeyedStateStore, name: string, keys: KeyContext) {
    this.#table = store.table(name, { typeId: KEY_TIMER_TYPE, ordered: true, fixedValueBytes: 0 });
    this.#keys = keys;
  }

  load(keyGroup: number): void {
    this.#times.clear();
    this.#table.scanKeyGroup(keyGroup, (row) => {
      const key = textOf(row, TIME_BYTES, row.length);
      const times = this.#times.get(key) ?? [];
      times.push(readTime(row, 0));
      this.#times.set(key, times);
      return true;
    });
  }

  /** Ascending. */
  ofCurrentKey(): readonly number[] {
    const { bytes, length } = this.#keys.rowOf(StateNamespace.VOID);
    return this.#times.get(textOf(bytes, 0, length)) ?? [];
  }
}
