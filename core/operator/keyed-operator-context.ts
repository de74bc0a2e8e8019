import type { AggregatingState } from '../state/aggregating-state.js';
import type { KeyedStateAccess } from '../state/keyed-state-access.js';
import type { ListState } from '../state/list-state.js';
import type { MapState } from '../state/map-state.js';
import type { ReducingState } from '../state/reducing-state.js';
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../state/state-descriptor.js';
import type { ValueState } from '../state/value-state.js';
import type { KeyedRuntimeContext } from './keyed-process-function.js';
import { OperatorRuntimeContext } from './runtime-context.js';
import type { ChainedOperatorContext } from './stream-operator.js';

/** What functions with keys are given when they are opened; the state is that of the key, at each use. */
export class KeyedOperatorContext extends OperatorRuntimeContext implements KeyedRuntimeContext {
  protected readonly access: KeyedStateAccess;

  constructor(context: ChainedOperatorContext, access: KeyedStateAccess) {
    super(context);
    this.access = access;
  }

  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T> {
    return this.access.getState(descriptor);
  }

  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.access.getListState(descriptor);
  }

  getMapState<MK, V>(descriptor: MapStateDescriptor<MK, V>): MapState<MK, V> {
    return this.access.getMapState(descriptor);
  }

  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T> {
    return this.access.getReducingState(descriptor);
  }

  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT> {
    return this.access.getAggregatingState(descriptor);
  }
}
