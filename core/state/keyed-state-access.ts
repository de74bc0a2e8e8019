import { invariant } from '../base/invariant.js';
import { MillraceError } from '../base/millrace-error.js';
import type { KeyedStateStore, StateTable } from '../ports/keyed-state-store.js';
import type { CodecFactory } from '../serde/record-codec.js';
import { fixedBytesOf } from '../serde/record-layout.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { KeyedAggregatingState } from './aggregating-state.js';
import { KeyContext, StateNamespace } from './key-context.js';
import { type KeyWindow, keysInGroup, keysInTables, windowsInGroup } from './key-scan.js';
import { KeyedListState, type ListState } from './list-state.js';
import { LookAhead } from './look-ahead.js';
import { KeyedMapState, type MapState } from './map-state.js';
import { KeyedReducingState, type ReducingState } from './reducing-state.js';
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  type StateDescriptor,
  ValueStateDescriptor,
} from './state-descriptor.js';
import { STATE_TABLE_PREFIX, stateTableType } from './state-entry.js';
import { stateTableText, stateTypeOf, valueTypeOf } from './state-evolution.js';
import { rowMigration } from './state-migration.js';
import { isExpired, type StateTtl } from './state-ttl.js';
import { TIMED_BYTES, type Timed, TimedCodec, timeOfWriting } from './timed-codec.js';
import { type Expiring, TtlLife, TtlListState, TtlMapState, TtlValueState } from './ttl-states.js';
import { TtlSweeper } from './ttl-sweeper.js';
import { KeyedInt32State, KeyedValueState, type ValueState } from './value-state.js';

/**
 * The keyed state of one operator: typed states over the byte tables of its store, all of them for the key
 * (and window) that `keys` holds.
 *
 * Invariant: a table belongs to one descriptor name, one kind and type, and one namespace.
 */
export class KeyedStateAccess {
  readonly keys: KeyContext;
  readonly store: KeyedStateStore;
  /** Of the states that have one row for each key. */
  readonly ahead: LookAhead;
  readonly #codecs: CodecFactory;
  readonly #wallMs: () => number;
  readonly #sweeper: TtlSweeper;
  /** What each name was first asked for as. */
  readonly #registered = new Map<string, string>();
  /** Of states that belong to no window, by name. */
  readonly #keyTables = new Map<string, StateTable>();
  /** Of states of windows, by name. */
  readonly #windowTables = new Map<string, StateTable>();

  /** `wallMs`: the time by which state ends that does. */
  constructor(
    store: KeyedStateStore,
    codecs: CodecFactory,
    maxParallelism: number,
    wallMs: () => number = refuseToEnd,
  ) {
    this.store = store;
    this.#wallMs = wallMs;
    this.keys = new KeyContext(store.keyGroups, maxParallelism);
    this.ahead = new LookAhead(store.keyGroups, maxParallelism, this.keys.texts);
    this.#codecs = codecs;
    this.#sweeper = new TtlSweeper(this.keys, wallMs);
  }

  /** @throws MillraceError MR2006 if the name stands for other state already, MR2103 if a restore finds another type */
  getState<T>(
    descriptor: ValueStateDescriptor<T>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): ValueState<T> {
    return this.#value(descriptor, descriptor.type, namespace);
  }

  getListState<T>(
    descriptor: ListStateDescriptor<T>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): ListState<T> {
    const table = this.#table(descriptor, namespace);
    const codec = this.#codecs.codecFor(descriptor.elementType);
    const { ttl } = descriptor;
    if (ttl === undefined) return new KeyedListState(this.keys, namespace, table, codec);
    const inner = new KeyedListState(this.keys, namespace, table, new TimedCodec(codec), this.#wallMs);
    return this.#ending(new TtlListState(inner, this.#lifeOf(ttl)), ttl, table, namespace);
  }

  getMapState<K, V>(
    descriptor: MapStateDescriptor<K, V>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): MapState<K, V> {
    const { ttl } = descriptor;
    if (ttl === undefined) return this.getSortedMap(descriptor, namespace);
    const table = this.#table(descriptor, namespace);
    const codec = new TimedCodec(this.#codecs.codecFor(descriptor.valueType));
    const inner = new KeyedMapState<K, Timed<V>>(this.keys, namespace, table, codec);
    return this.#ending(new TtlMapState(inner, this.#lifeOf(ttl)), ttl, table, namespace);
  }

  /** Map state of operators, which know that its entries have an order; it does not end. */
  getSortedMap<K, V>(
    descriptor: MapStateDescriptor<K, V>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): KeyedMapState<K, V> {
    const table = this.#table(descriptor, namespace);
    return new KeyedMapState<K, V>(this.keys, namespace, table, this.#codecs.codecFor(descriptor.valueType));
  }

  getReducingState<T>(
    descriptor: ReducingStateDescriptor<T>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): ReducingState<T> {
    const value = this.#value(descriptor, descriptor.type, namespace);
    return new KeyedReducingState(value, descriptor.reduceFunction);
  }

  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): KeyedAggregatingState<IN, ACC, OUT> {
    const accumulator = this.#value(descriptor, descriptor.accumulatorType, namespace);
    return new KeyedAggregatingState(accumulator, descriptor.aggregateFunction);
  }

  /**
   * Calls `visit` with each key that has something in the state, which is the current key meanwhile; no key is
   * current afterwards. The keys of a key group are found before the first of them is visited, so `visit` may
   * write as it likes.
   */
  forEachKey(descriptor: StateDescriptor, visit: (key: unknown, state: unknown) => void): void {
    const state = this.#stateOf(descriptor);
    const table = this.#table(descriptor, StateNamespace.VOID);
    const { start, end } = this.store.keyGroups;
    for (let keyGroup = start; keyGroup <= end; keyGroup++) {
      for (const key of keysInGroup(table, keyGroup)) {
        this.keys.setCurrentKey(key);
        visit(key, state);
      }
    }
    this.keys.clearCurrentKey();
  }

  /** The keys of a key group that have something in any of the states that were asked for, ascending by their bytes. */
  keysIn(keyGroup: number): unknown[] {
    return keysInTables(this.#keyTables.values(), keyGroup);
  }

  /** The keys of a key group and their windows, of each state of windows that was asked for. */
  windowsIn(keyGroup: number): KeyWindow[] {
    return [...this.#windowTables.values()].flatMap((table) => windowsInGroup(table, keyGroup));
  }

  #value<T>(descriptor: StateDescriptor, type: TypeDescriptor<T>, namespace: StateNamespace): ValueState<T> {
    const table = this.#table(descriptor, namespace);
    if (namespace === StateNamespace.VOID) this.ahead.add(table);
    const { ttl } = descriptor;
    if (ttl === undefined && type.kind === 'int32') {
      // The value type of an int32 is number.
      const numbers: ValueState<number> = new KeyedInt32State(this.keys, namespace, table);
      return numbers as ValueState<unknown> as ValueState<T>;
    }
    const codec = this.#codecs.codecFor(type);
    if (ttl === undefined) return new KeyedValueState(this.keys, namespace, table, codec);
    const inner = new KeyedValueState(this.keys, namespace, table, new TimedCodec(codec));
    return this.#ending(new TtlValueState(inner, this.#lifeOf(ttl)), ttl, table, namespace);
  }

  #lifeOf(ttl: StateTtl): TtlLife {
    return new TtlLife(ttl, this.#wallMs, ttl.cleanupInBackground ? this.#sweeper : undefined);
  }

  /** The state, known to the sweeper. What belongs to windows goes with them. */
  #ending<S extends Expiring>(state: S, ttl: StateTtl, table: StateTable, namespace: StateNamespace): S {
    if (ttl.cleanupInBackground && namespace === StateNamespace.VOID)
      this.#sweeper.add({ table, ttlMs: ttl.ttlMs, cleanUp: () => state.cleanUp() });
    return state;
  }

  #stateOf(descriptor: StateDescriptor): unknown {
    if (descriptor instanceof ValueStateDescriptor) return this.getState(descriptor);
    if (descriptor instanceof ListStateDescriptor) return this.getListState(descriptor);
    if (descriptor instanceof MapStateDescriptor) return this.getMapState(descriptor);
    if (descriptor instanceof ReducingStateDescriptor) return this.getReducingState(descriptor);
    if (descriptor instanceof AggregatingStateDescriptor) return this.getAggregatingState(descriptor);
    throw new MillraceError('MR1001', `'${descriptor.name}' is no descriptor of keyed state.`);
  }

  #table(descriptor: StateDescriptor, namespace: StateNamespace): StateTable {
    const name = `${STATE_TABLE_PREFIX}${descriptor.name}`;
    const perWindow = namespace === StateNamespace.WINDOW;
    const typeId = stateTableText(descriptor, perWindow);
    const before = this.#registered.get(name);
    if (before !== undefined && before !== typeId) {
      throw new MillraceError('MR2006', `The state '${descriptor.name}' is asked for as ${typeId}.`, {
        why: `This operator has already registered it as ${before}.`,
        hint: 'Give each state of an operator a name of its own.',
      });
    }
    this.#registered.set(name, typeId);
    const options = {
      typeId,
      ordered: descriptor.kind === 'map',
      fixedValueBytes: fixedValueBytesOf(descriptor),
      evolve: (stored: string) => {
        const declared = stateTypeOf(descriptor, perWindow);
        return rowMigration(descriptor.name, stateTableType(stored), declared, this.#codecs, this.#wallMs);
      },
    };
    const { ttl } = descriptor;
    const wallMs = this.#wallMs;
    const table = this.store.table(
      name,
      ttl === undefined
        ? options
        : { ...options, isExpired: (bytes, at) => isExpired(timeOfWriting(bytes, at), ttl.ttlMs, wallMs()) },
    );
    (perWindow ? this.#windowTables : this.#keyTables).set(name, table);
    return table;
  }
}

/** Bytes of a row's value where all have the same, else 0. */
function fixedValueBytesOf(descriptor: StateDescriptor): number {
  const bytes = descriptor.kind === 'list' ? 0 : fixedBytesOf(valueTypeOf(descriptor));
  return bytes > 0 && descriptor.ttl !== undefined ? bytes + TIMED_BYTES : bytes;
}

function refuseToEnd(): number {
  invariant(false, 'state with a time to live has a clock');
}
