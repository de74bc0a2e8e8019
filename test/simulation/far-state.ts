import type {
  ByteReader,
  ByteWriter,
  KeyedStateBackend,
  KeyedStateRequest,
  RowBatch,
  RowKey,
  RowVisitor,
  StateTable,
  TableOptions,
} from '../../core/internal.js';
import { ForwardingStateStore } from '../../core/state/forwarding-state-store.js';

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

class FarTable implements StateTable {
  readonly isLarge = true;
  readonly #near: StateTable;

  constructor(near: StateTable) {
    this.#near = near;
  }

  get(row: RowKey, into: ByteReader): boolean {
    return this.#near.get(row, into);
  }

  put(row: RowKey, value: ByteWriter, from: number): void {
    this.#near.put(row, value, from);
  }

  getInt32(row: RowKey): number | undefined {
    return this.#near.getInt32(row);
  }

  putInt32(row: RowKey, value: number): void {
    this.#near.putInt32(row, value);
  }

  delete(row: RowKey): boolean {
    return this.#near.delete(row);
  }

  touch(rows: RowBatch, count: number): number {
    return this.#near.touch(rows, count);
  }

  scan(prefix: RowKey, visit: RowVisitor): void {
    this.#near.scan(prefix, visit);
  }

  scanKeyGroup(keyGroup: number, visit: RowVisitor): void {
    this.#near.scanKeyGroup(keyGroup, visit);
  }
}
