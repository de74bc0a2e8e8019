import type {
  KeyedSnapshot,
  KeyedStateStore,
  KeyGroupRange,
  StateTable,
  TableOptions,
} from '../ports/keyed-state-store.js';

/** A store that hands everything on to another one; who stands before a store changes what it has to. */
export class ForwardingStateStore implements KeyedStateStore {
  protected readonly store: KeyedStateStore;

  constructor(store: KeyedStateStore) {
    this.store = store;
  }

  get keyGroups(): KeyGroupRange {
    return this.store.keyGroups;
  }

  table(name: string, options: TableOptions): StateTable {
    return this.store.table(name, options);
  }

  restore(): Promise<void> {
    return this.store.restore();
  }

  snapshot(checkpointId: number): KeyedSnapshot {
    return this.store.snapshot(checkpointId);
  }

  requestBase(checkpointId: number): void {
    this.store.requestBase(checkpointId);
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.store.notifyCheckpointComplete(checkpointId);
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.store.notifyCheckpointAborted(checkpointId);
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
