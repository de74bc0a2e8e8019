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
 * Removes what has expired and nobody reads any more: the key groups of all states that end, in turn. A step
 * looks through one key group of one state, and the next comes after as many uses of state as this one saw rows,
 * so that sweeping costs each use the look at about one row. It works through the states' own methods and is
 * therefore the same on every backend.
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
    this.#usesLeft = Math.max(USES_MIN, this.#sweep(state));
    this.#sweeping = false;
    if (++this.#keyGroup <= this.#keyGroups.end) return;
    this.#keyGroup = this.#keyGroups.start;
    this.#state = (this.#state + 1) % this.#states.length;
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
