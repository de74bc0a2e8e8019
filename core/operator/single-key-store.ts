import type {
  KeyedSnapshot,
  KeyedStateStore,
  KeyGroupRange,
  StateTable,
  TableOptions,
} from '../ports/keyed-state-store.js';
import { StateRow } from '../state/state-row.js';

/**
 * A store that holds rows of one key at a time, over one that could hold more: it can forget them all.
 *
 * Invariant: between two calls of {@link clear}, rows of one key group are written.
 */
export class SingleKeyStore implements KeyedStateStore {
  readonly #store: KeyedStateStore;
  readonly #tables = new Set<StateTable>();
  readonly #row = new StateRow();

  constructor(store: KeyedStateStore) {
    this.#store = store;
  }

  get keyGroups(): KeyGroupRange {
    return this.#store.keyGroups;
  }

  table(name: string, options: TableOptions): StateTable {
    const table = this.#store.table(name, options);
    this.#tables.add(table);
    return table;
  }

  restore(): Promise<void> {
    return this.#store.restore();
  }

  /** Deletes the rows of the key group, that of the key whose records have all come. */
  clear(keyGroup: number): void {
    const row = this.#row;
    for (const table of this.#tables) {
      table.scanKeyGroup(keyGroup, (key) => {
        row.setTo(keyGroup, key);
        table.delete(row);
        return true;
      });
    }
  }

  snapshot(checkpointId: number): KeyedSnapshot {
    return this.#store.snapshot(checkpointId);
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#store.notifyCheckpointComplete(checkpointId);
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#store.notifyCheckpointAborted(checkpointId);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
