import {
  type AttemptDescription,
  type KeyedStateStore,
  type StateTable,
  TIMER_TABLE_PREFIX,
} from '../../core/internal.js';
import type { TaskSurroundings } from '../driver/attempt-assembly.js';
import { observeRows } from './observed-rows.js';
import type { WorldListeners } from './world-listener.js';

/**
 * What one task is given, which tells what its keyed state holds: at checkpoints, restored, and what is left when it
 * has come to the end of its input.
 */
export function observedState(
  surroundings: TaskSurroundings,
  attempt: Pick<AttemptDescription, 'epoch' | 'restore'>,
  listeners: WorldListeners,
): TaskSurroundings {
  const { stateBackend, report } = surroundings;
  const look: (() => void)[] = [];
  let untold: (() => void)[] | undefined = [];
  const onceRunning = (tell: () => void): void => {
    if (untold === undefined) tell();
    else untold.push(tell);
  };
  let hasEnded = false;
  return {
    ...surroundings,
    stateBackend: {
      name: stateBackend.name,
      open: async (request) => {
        const store = await stateBackend.open(request);
        observeRows(request.operatorUid, store, attempt, listeners, onceRunning);
        const tables = rememberTables(store);
        look.push(() => tellRows(request.operatorUid, store, tables, listeners));
        return store;
      },
    },
    report: (told) => {
      if (told.type === 'running') {
        for (const tell of untold ?? []) tell();
        untold = undefined;
      }
      if (told.type === 'data-finished') hasEnded = true;
      if (told.type === 'finished' && hasEnded) for (const each of look) each();
      report(told);
    },
  };
}

/** Whether a table holds timers of event time. */
export function isOfEventTime(table: string): boolean {
  return table.startsWith(TIMER_TABLE_PREFIX) && table.endsWith(':event-time');
}

function tellRows(
  uid: string,
  { keyGroups }: KeyedStateStore,
  tables: ReadonlyMap<string, StateTable>,
  listeners: WorldListeners,
): void {
  for (const [name, table] of tables) {
    let hasRows = false;
    for (let group = keyGroups.start; group <= keyGroups.end && !hasRows; group++)
      table.scanKeyGroup(group, () => {
        hasRows = true;
        return false;
      });
    if (hasRows) listeners.onRowsLeft(uid, name);
  }
}

/** Those that are asked for from now on, by name. */
function rememberTables(store: KeyedStateStore): ReadonlyMap<string, StateTable> {
  const tables = new Map<string, StateTable>();
  const table = store.table.bind(store);
  store.table = (name, options) => {
    const made = table(name, options);
    tables.set(name, made);
    return made;
  };
  return tables;
}
