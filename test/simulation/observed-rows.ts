import {
  type AttemptDescription,
  crc32c,
  type KeyedStateStore,
  type KeyGroupRange,
  type StateTable,
} from '../../core/internal.js';
import type { WorldListeners } from './world-listener.js';

/** All rows of one table in one key group: how many, and what their bytes sum up to, in whatever order. */
export interface RowsDigest {
  readonly count: number;
  readonly sum: number;
  /** A number for each of them, where rows expire: what is written later may leave out some. */
  readonly rows?: ReadonlySet<number>;
}

/** The rows that one subtask has in one table of an operator. */
export interface SeenRows {
  readonly uid: string;
  readonly table: string;
  /** Of the values, as the job declares it. */
  readonly typeId: string;
  /** By key group, all that the subtask owns, also where there are no rows. */
  readonly groups: ReadonlyMap<number, RowsDigest>;
}

/**
 * Tells what rows a store has when it freezes them for a checkpoint, and when it has got them back from one, before
 * anybody changes them. It costs a look at every row: nobody looks where nobody listens.
 *
 * What was restored is told when the task runs: one that is cancelled meanwhile stops reading half way.
 *
 * Tables that the job has not asked for cannot be seen.
 */
export function observeRows(
  uid: string,
  store: KeyedStateStore,
  { epoch, restore }: Pick<AttemptDescription, 'epoch' | 'restore'>,
  listeners: WorldListeners,
  onceRunning: (tell: () => void) => void,
): void {
  if (!listeners.hears('onRowsFrozen')) return;
  const seen = new Map<string, () => SeenRows>();
  const makeTable = store.table.bind(store);
  const snapshot = store.snapshot.bind(store);
  store.table = (table, options) => {
    const { typeId, isExpired, onRestored } = options;
    if (seen.has(table)) return makeTable(table, options);
    const see = (rows: StateTable): SeenRows => ({
      uid,
      table,
      typeId,
      groups: digestsByGroup(rows, store.keyGroups, isExpired !== undefined),
    });
    const made = makeTable(table, {
      ...options,
      onRestored: (restored) => {
        if (restore !== undefined) {
          const rows = see(restored);
          onceRunning(() => listeners.onRowsRestored(epoch, restore.checkpointId, rows));
        }
        onRestored?.(restored);
      },
    });
    seen.set(table, () => see(made));
    return made;
  };
  store.snapshot = (checkpointId) => {
    for (const see of seen.values()) listeners.onRowsFrozen(epoch, checkpointId, see());
    return snapshot(checkpointId);
  };
}

/** Of each key group of the range. */
export function digestsByGroup(
  table: StateTable,
  keyGroups: KeyGroupRange,
  expires: boolean,
): Map<number, RowsDigest> {
  const digests = new Map<number, RowsDigest>();
  for (let group = keyGroups.start; group <= keyGroups.end; group++) {
    let [count, sum] = [0, 0];
    const rows = new Set<number>();
    table.scanKeyGroup(group, (key, value) => {
      count++;
      const number = crc32c(value, crc32c(key, key.length));
      sum = (sum + number) >>> 0;
      if (expires) rows.add(number);
      return true;
    });
    digests.set(group, expires ? { count, sum, rows } : { count, sum });
  }
  return digests;
}
