import { MillraceError } from '../base/millrace-error.js';
import type { KeyedStateStore, StateTable } from '../ports/keyed-state-store.js';
import type { CodecFactory } from '../serde/record-codec.js';
import { fixedBytesOf } from '../serde/record-layout.js';
import { type AggregatingState, KeyedAggregatingState } from './aggregating-state.js';
import { KeyContext, StateNamespace } from './key-context.js';
import { KeyedListState, type ListState } from './list-state.js';
import { KeyedMapState, type MapState } from './map-state.js';
import { KeyedReducingState, type ReducingState } from './reducing-state.js';
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  StateDescriptor,
  ValueStateDescriptor,
} from './state-descriptor.js';
import { KeyedValueState, type ValueState } from './value-state.js';

/**
 * The keyed state of one operator: typed states over the byte tables of its store, all of them for the key
 * (and window) that `keys` holds.
 *
 * Invariant: a table belongs to one descriptor name, one kind and type, and one namespace.
 */
export class KeyedStateAccess {
  readonly keys: KeyContext;
  readonly store: KeyedStateStore;
  readonly #codecs: CodecFactory;
  /** What each name was first asked for as. */
  readonly #registered = new Map<string, string>();

  constructor(store: KeyedStateStore, codecs: CodecFactory, maxParallelism: number) {
    this.store = store;
    this.keys = new KeyContext(store.keyGroups, maxParallelism);
    this.#codecs = codecs;
  }

  /** @throws MillraceError MR2006 if the name stands for other state already, MR2103 if a restore finds another type */
  getState<T>(
    descriptor: ValueStateDescriptor<T>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): ValueState<T> {
    const table = this.#table(descriptor, namespace, fixedBytesOf(descriptor.type));
    return new KeyedValueState(this.keys, namespace, table, this.#codecs.codecFor(descriptor.type));
  }

  getListState<T>(
    descriptor: ListStateDescriptor<T>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): ListState<T> {
    const table = this.#table(descriptor, namespace, 0);
    return new KeyedListState(this.keys, namespace, table, this.#codecs.codecFor(descriptor.elementType));
  }

  getMapState<K, V>(
    descriptor: MapStateDescriptor<K, V>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): MapState<K, V> {
    const table = this.#table(descriptor, namespace, fixedBytesOf(descriptor.valueType));
    return new KeyedMapState<K, V>(this.keys, namespace, table, this.#codecs.codecFor(descriptor.valueType));
  }

  getReducingState<T>(
    descriptor: ReducingStateDescriptor<T>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): ReducingState<T> {
    const table = this.#table(descriptor, namespace, fixedBytesOf(descriptor.type));
    const value = new KeyedValueState(this.keys, namespace, table, this.#codecs.codecFor(descriptor.type));
    return new KeyedReducingState(value, descriptor.reduceFunction);
  }

  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
    namespace: StateNamespace = StateNamespace.VOID,
  ): AggregatingState<IN, OUT> {
    const table = this.#table(descriptor, namespace, fixedBytesOf(descriptor.accumulatorType));
    const codec = this.#codecs.codecFor(descriptor.accumulatorType);
    const accumulator = new KeyedValueState(this.keys, namespace, table, codec);
    return new KeyedAggregatingState(accumulator, descriptor.aggregateFunction);
  }

  #table(descriptor: StateDescriptor, namespace: StateNamespace, fixedValueBytes: number): StateTable {
    const name = `state:${descriptor.name}`;
    const scope = namespace === StateNamespace.WINDOW ? ' per window' : '';
    const typeId = `${descriptor.typeId}${scope}`;
    const before = this.#registered.get(name);
    if (before !== undefined && before !== typeId) {
      throw new MillraceError('MR2006', `The state '${descriptor.name}' is asked for as ${typeId}.`, {
        why: `This operator has already registered it as ${before}.`,
        hint: 'Give each state of an operator a name of its own.',
      });
    }
    this.#registered.set(name, typeId);
    return this.store.table(name, { typeId, ordered: descriptor.kind === 'map', fixedValueBytes });
  }
}
