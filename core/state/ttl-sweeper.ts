import type { KeyGroupRange, StateTable } from '../ports/keyed-state-store.js';
import type { KeyContext } from './key-context.js';
import { keysInGroup } from './key-scan.js';
import { isExpired } from './state-ttl.js';
import { timeOfWriting } from './timed-codec.js';

/** A table of a state that ends, and how to rid the current key of what has expired. */
export interface SweptState {
  readonly table: StateTable;
  readonly ttlMs: number;
  cleanUp(): void;
}

/** Uses of state between two steps, at least. */
const USES_MIN = 1000;
/**
 * Rows that are looked at for each use of state. With one, where each use adds a row, as many would be removed as added
 * only if all that is there had expired: there would be more and more. With two, half of it has.
 */
const ROWS_A_USE = 2;
/** Key groups of a step, at most: also one without rows takes a moment. */
const GROUPS_MAX = 16;

/**
 * Removes what has expired and nobody reads any more: the key groups of all states that end, in turn. A step
 * looks through some key groups of one state, and the next comes after half as many uses of state as this one saw
 * rows: sweeping costs each use the look at two rows, and about as much has expired as is in use. It works through the
 * states' own methods and is therefore the same on every backend.
 *
 * Invariant: the current key is the same after a step as before it.
 */
export class TtlSweeper {
  readonly #keys: KeyContext;
  readonly #keyGroups: KeyGroupRange;
  readonly #wallMs: () => number;
  readonly #states: SweptState[] = [];
  #usesLeft = USES_MIN;
  #keyGroup: number;
  #state = 0;
  #sweeping = false;

  constructor(keys: KeyContext, wallMs: () => number) {
    this.#keys = keys;
    this.#keyGroups = keys.keyGroups;
    this.#wallMs = wallMs;
    this.#keyGroup = keys.keyGroups.start;
  }

  add(state: SweptState): void {
    if (!this.#states.some(({ table }) => table === state.table)) this.#states.push(state);
  }

  /** State is used. hot path: a subtraction, most of the time. */
  step(): void {
    if (--this.#usesLeft > 0 || this.#sweeping) return;
    const state = this.#states[this.#state];
    if (state === undefined) return;
    this.#sweeping = true;
    let rows = 0;
    for (let groups = 0; groups < GROUPS_MAX && rows < ROWS_A_USE * USES_MIN; groups++) {
      rows += this.#sweep(state);
      if (!this.#goOn()) break;
    }
    this.#usesLeft = Math.max(USES_MIN, rows / ROWS_A_USE);
    this.#sweeping = false;
  }

  /** To the next key group; false: to the first one of the next state. */
  #goOn(): boolean {
    if (++this.#keyGroup <= this.#keyGroups.end) return true;
    this.#keyGroup = this.#keyGroups.start;
    this.#state = (this.#state + 1) % this.#states.length;
    return false;
  }

  /** The number of rows that were looked at. */
  #sweep({ table, ttlMs, cleanUp }: SweptState): number {
    const now = this.#wallMs();
    let rows = 0;
    const expired = keysInGroup(table, this.#keyGroup, (value) => {
      rows++;
      return isExpired(timeOfWriting(value, 0), ttlMs, now);
    });
    if (expired.length === 0) return rows;
    const keys = this.#keys;
    const before = keys.hasKey ? { key: keys.currentKey } : undefined;
    for (const key of expired) {
      keys.setCurrentKey(key);
      cleanUp();
    }
    if (before === undefined) keys.clearCurrentKey();
    else keys.setCurrentKey(before.key);
    return rows;
  }
}
