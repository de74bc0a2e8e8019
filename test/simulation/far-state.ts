import type { KeyedStateBackend, KeyedStateRequest, StateTable, TableOptions } from '../../core/internal.js';
import { ForwardingStateStore } from '../../core/state/forwarding-state-store.js';
import { ForwardingTable } from './forwarding-table.js';

/** A backend whose every table says that it is large, so that tasks look ahead however little there is. */
export function farStateBackend(near: KeyedStateBackend): KeyedStateBackend {
  return {
    name: near.name,
    open: async (request: KeyedStateRequest) => new FarStore(await near.open(request)),
  };
}

class FarStore extends ForwardingStateStore {
  readonly #tables = new Map<StateTable, FarTable>();

  override table(name: string, options: TableOptions): StateTable {
    const near = super.table(name, options);
    const known = this.#tables.get(near) ?? new FarTable(near);
    this.#tables.set(near, known);
    return known;
  }
}

class FarTable extends ForwardingTable {
  override get isLarge(): boolean {
    return true;
  }
}
