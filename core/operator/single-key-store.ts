import type { StateTable, TableOptions } from '../ports/keyed-state-store.js';
import { ForwardingStateStore } from '../state/forwarding-state-store.js';
import { StateRow } from '../state/state-row.js';

/**
 * A store that holds rows of one key at a time, over one that could hold more: it can forget them all.
 *
 * Invariant: between two calls of {@link clear}, rows of one key group are written.
 */
export class SingleKeyStore extends ForwardingStateStore {
  readonly #tables = new Set<StateTable>();
  readonly #row = new StateRow();

  override table(name: string, options: TableOptions): StateTable {
    const table = super.table(name, options);
    this.#tables.add(table);
    return table;
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
}
