import { isMillraceError } from '../base/millrace-error.js';
import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import type { BuiltJob, ChainNode, ExecutableVertex } from '../graph/job-graph.js';
import { keyGroupRangeOf } from '../graph/key-group.js';
import type { KeyedStateStore, KeyGroupRange, StateTable, TableOptions } from '../ports/keyed-state-store.js';
import { typeId } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import { ForwardingStateStore } from '../state/forwarding-state-store.js';
import { operatorStateOf } from '../state/operator-state-store.js';
import { STATE_TABLE_PREFIX } from '../state/state-entry.js';
import { checkStoredKeys, KEYS_TABLE } from '../state/state-evolution.js';
import { NO_OUTPUT } from './chain-output.js';
import { type OfflinePorts, offlineContext } from './offline-context.js';
import { itemsEvolution, itemsRefused, type StoredItems, storedItemsType } from './stored-items.js';
import type { Output } from './stream-operator.js';

const UNDECLARED = typeId(types.dynamic());

/** What a checkpoint says of the states of one operator: type texts by table, modes by list. Plain data. */
export interface StoredStates {
  readonly tables: Readonly<Record<string, string>>;
  /** Those of the engine that hold nothing may be missing. */
  readonly lists: Readonly<Record<string, OperatorListHandle['mode']>>;
  /** Text of the type of a split enumerator's state, empty if undeclared; absent: there is none. */
  readonly enumerator?: string;
}

/** What restoring would do with one state. Plain data. */
export interface SurveyedState {
  readonly uid: string;
  readonly state: string;
  /** Type texts. */
  readonly stored: string;
  readonly declared: string;
  readonly outcome: 'as-is' | 'migrate' | 'refuse';
  /** Why it is refused. */
  readonly why?: string;
}

/** What restoring would do with the states of a job, as far as its operators say what they declare. Plain data. */
export interface StateSurvey {
  readonly states: readonly SurveyedState[];
  /** Operators that did not open, by uid, and what they threw. */
  readonly silent: Readonly<Record<string, string>>;
}

/** What operators may reach while they are asked. */
export interface SurveyPorts extends OfflinePorts {
  /** An empty store. */
  openStore(keyGroups: KeyGroupRange): Promise<KeyedStateStore>;
}

/**
 * Asks the operators of a job what states they declare, and decides for each as a restore would. Those that have
 * stored states are made, opened, asked for a snapshot and closed again, and so are their functions; none of them gets
 * a record.
 */
export async function surveyState(
  job: BuiltJob,
  stored: Readonly<Record<string, StoredStates>>,
  ports: SurveyPorts,
): Promise<StateSurvey> {
  const states: SurveyedState[] = [];
  const silent: Record<string, string> = {};
  for (const vertex of job.vertices) {
    for (const node of vertex.nodes) {
      const own = stored[node.uid];
      if (own === undefined) continue;
      states.push(...itemOutcomes(node, own));
      if (!hasUserState(own) || node.operator.kind === 'source') continue;
      try {
        states.push(...(await surveyNode(job, vertex, node, own, ports)));
      } catch (error) {
        silent[node.uid] = error instanceof Error ? error.message : String(error);
      }
    }
  }
  return { states, silent };
}

/** Of what sources, sinks and the like keep: their types are compared without asking anybody. */
function itemOutcomes({ uid, operator }: ChainNode, stored: StoredStates): SurveyedState[] {
  const found: SurveyedState[] = [];
  for (const items of operator.factory.stored ?? []) {
    for (const key of Object.keys(stored.lists)) {
      const text = storedItemsType(items.name, key);
      if (text !== undefined) found.push(itemOutcome(uid, items, text));
    }
  }
  if (stored.enumerator !== undefined && operator.kind === 'source')
    found.push(itemOutcome(uid, operator.factory.storedEnumerator, stored.enumerator));
  return found;
}

function itemOutcome(uid: string, items: StoredItems, text: string): SurveyedState {
  const declared = items.type ? typeId(items.type) : UNDECLARED;
  const untyped = items.untypedIsDeclared ? declared : UNDECLARED;
  const place = { uid, state: items.name, stored: text === '' ? untyped : text, declared };
  if (items.unwanted !== undefined) return { ...place, outcome: 'refuse', why: items.unwanted().message };
  const evolution = itemsEvolution(text, items);
  if (evolution.kind !== 'refuse') return { ...place, outcome: evolution.kind };
  return { ...place, outcome: 'refuse', why: itemsRefused(items.what, evolution).message };
}

function hasUserState({ tables, lists }: StoredStates): boolean {
  return [...Object.keys(tables), ...Object.keys(lists)].some((name) => name.startsWith(STATE_TABLE_PREFIX));
}

async function surveyNode(
  job: BuiltJob,
  vertex: ExecutableVertex,
  node: ChainNode,
  stored: StoredStates,
  ports: SurveyPorts,
): Promise<readonly SurveyedState[]> {
  if (node.operator.kind === 'source') return [];
  const { factory } = node.operator;
  const { parallelism, maxParallelism } = vertex.vertex;
  const inner = factory.needsKeyedState
    ? await ports.openStore(keyGroupRangeOf(0, parallelism, maxParallelism))
    : undefined;
  const store = inner && new SurveyedStore(inner, node.uid, stored.tables);
  const context = offlineContext(
    {
      uid: node.uid,
      name: node.name,
      parallelism,
      maxParallelism,
      globalJobParameters: job.globalJobParameters,
      keyedState: store,
      managedBytes: 0,
      lists: storedLists(stored),
    },
    ports,
  );
  const found: SurveyedState[] = [];
  const keys = stored.tables[KEYS_TABLE];
  try {
    if (keys !== undefined && node.keyType !== undefined) checkStoredKeys(keys, node.keyType);
    const operator = factory.create(context, NO_OUTPUT as Output<never>);
    try {
      await operator.open();
      const { lists } = operator.snapshotState(1);
      for (const key of Object.keys(lists)) found.push(...listOutcome(node.uid, key, stored));
    } finally {
      await operator.close();
    }
  } catch (error) {
    if (!isMillraceError(error) || error.code !== 'MR2103') throw error;
    found.push({ uid: node.uid, state: '', stored: '', declared: '', outcome: 'refuse', why: error.message });
  } finally {
    await inner?.close();
  }
  return [...(store?.outcomes.values() ?? []), ...found];
}

/** Of a list that could be restored. */
function listOutcome(uid: string, key: string, stored: StoredStates): SurveyedState[] {
  const declared = operatorStateOf(key);
  if (declared === undefined) return [];
  for (const other of Object.keys(stored.lists)) {
    const before = operatorStateOf(other);
    if (before?.name !== declared.name) continue;
    const outcome = before.typeId === declared.typeId ? 'as-is' : 'migrate';
    return [{ uid, state: declared.name, stored: before.typeId, declared: declared.typeId, outcome }];
  }
  return [];
}

function storedLists({ lists }: StoredStates): Record<string, OperatorListHandle> {
  return Object.fromEntries(
    Object.entries(lists)
      .filter(([key]) => operatorStateOf(key) !== undefined)
      .map(([key, mode]) => [key, { mode, items: [] }]),
  );
}

/** A store that notes what would be done with each table that is declared, and refuses none. */
class SurveyedStore extends ForwardingStateStore {
  /** By state. */
  readonly outcomes = new Map<string, SurveyedState>();
  readonly #uid: string;
  readonly #stored: Readonly<Record<string, string>>;

  constructor(store: KeyedStateStore, uid: string, stored: Readonly<Record<string, string>>) {
    super(store);
    this.#uid = uid;
    this.#stored = stored;
  }

  override table(name: string, options: TableOptions): StateTable {
    const stored = Object.hasOwn(this.#stored, name) ? this.#stored[name] : undefined;
    if (stored !== undefined && name.startsWith(STATE_TABLE_PREFIX)) {
      const state = name.slice(STATE_TABLE_PREFIX.length);
      const places = { uid: this.#uid, state, stored, declared: options.typeId };
      this.outcomes.set(name, { ...places, ...decided(stored, options) });
    }
    return super.table(name, options);
  }
}

function decided(stored: string, options: TableOptions): Pick<SurveyedState, 'outcome' | 'why'> {
  if (stored === options.typeId) return { outcome: 'as-is' };
  try {
    return { outcome: options.evolve?.(stored) === undefined ? 'as-is' : 'migrate' };
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return { outcome: 'refuse', why: error.message };
  }
}
