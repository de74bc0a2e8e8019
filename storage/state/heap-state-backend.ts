import type { KeyedStateBackend, KeyedStateRequest, KeyedStateStore } from '../../core/internal.js';
import { HeapStateStore } from './heap-state-store.js';
import { latin1Of } from './heap-table.js';
import { restoreRows } from './row-restore.js';

/**
 * Keeps keyed state on the JavaScript heap.
 *
 * @example
 * ```ts
 * const open = (request: KeyedStateRequest): Promise<KeyedStateStore> => new HeapStateBackend().open(request);
 * ```
 */
export class HeapStateBackend implements KeyedStateBackend {
  readonly name = 'heap';

  async open(request: KeyedStateRequest): Promise<KeyedStateStore> {
    const store = new HeapStateStore(request);
    await restoreRows(request, ({ name, ordered, fixedValueBytes }) => {
      const typeId = request.restore?.tables[name] ?? '';
      const table = store.tableOf(name, { typeId, ordered, fixedValueBytes });
      return (row) => {
        const key = latin1Of(row.bytes, row.keyStart, row.keyLength);
        const end = row.valueStart + row.valueLength;
        const value = row.valueLength < 0 ? undefined : row.bytes.slice(row.valueStart, end);
        table.shard(row.keyGroup).restore(key, value, row.prefixLength);
      };
    });
    return store;
  }
}
