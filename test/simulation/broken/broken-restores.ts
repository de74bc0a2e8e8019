import type {
  KeyedStateBackend,
  KeyedStateRequest,
  KeyedStateStore,
  RowVisitor,
  StateTable,
  TableOptions,
  TaskEvent,
} from '../../../core/internal.js';
import { ForwardingStateStore } from '../../../core/state/forwarding-state-store.js';
import { ForwardingTable } from '../forwarding-table.js';

/** A backend that does not find the timers of the last key group of a range when it is restored. */
export function timerLosingBackend(backend: KeyedStateBackend): KeyedStateBackend {
  return {
    name: backend.name,
    open: async (request: KeyedStateRequest) => new TimerLosingStore(await backend.open(request)),
  };
}

class TimerLosingStore extends ForwardingStateStore {
  override table(name: string, options: TableOptions): StateTable {
    const { onRestored } = options;
    if (onRestored === undefined || !options.typeId.startsWith('timer<')) return super.table(name, options);
    return super.table(name, {
      ...options,
      onRestored: (table) => onRestored(new TimerLosingTable(table, this.store)),
    });
  }
}

class TimerLosingTable extends ForwardingTable {
  readonly #store: KeyedStateStore;

  constructor(table: StateTable, store: KeyedStateStore) {
    super(table);
    this.#store = store;
  }

  override scanKeyGroup(keyGroup: number, visit: RowVisitor): void {
    if (keyGroup !== this.#store.keyGroups.end) super.scanKeyGroup(keyGroup, visit);
  }
}

/** What a task of an earlier attempt has acknowledged counts for the first checkpoint of the next attempt. */
export function staleHearing(): (event: TaskEvent) => TaskEvent {
  const last = new Map<string, { readonly attempt: number; readonly event: TaskEvent }>();
  return (event) => {
    if (event.type !== 'report' || event.report.type !== 'checkpoint-acknowledged') return event;
    const { attempt, vertexId, subtask } = event.task;
    const name = `${vertexId} ${subtask}`;
    const before = last.get(name);
    last.set(name, { attempt, event });
    if (before === undefined || before.attempt === attempt || before.event.type !== 'report') return event;
    const { checkpointId } = event.report;
    return {
      ...event,
      report: { ...event.report, ...before.event.report, checkpointId } as typeof event.report,
    };
  };
}
