import { MillraceError } from '../base/millrace-error.js';
import { type TypeDescriptor, typeId } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import type { AggregateFunction, ReduceFunction } from './aggregate-function.js';
import { type StateOptions, type StateTtl, stateTtlOf } from './state-ttl.js';

export type StateKind = 'value' | 'list' | 'map' | 'reducing' | 'aggregating';

/**
 * Names a keyed state and its type. The name is unique within its operator; a restore finds state by the
 * operator's uid and this name, compares {@link typeId}, and makes values of another type those of this one where it
 * can (state-evolution.ts). Without a type the values are undeclared: whatever structured clone carries, slower and
 * unchecked.
 */
export abstract class StateDescriptor {
  abstract readonly kind: StateKind;
  readonly name: string;
  /** How long what is stored lives; undefined: for ever. */
  readonly ttl: StateTtl | undefined;

  constructor(name: string, options: StateOptions) {
    if (typeof name !== 'string' || name === '') {
      throw new MillraceError('MR1001', 'A state descriptor needs a name.', {
        hint: "new ValueStateDescriptor('count', types.int32)",
      });
    }
    this.name = name;
    this.ttl = stateTtlOf(name, options);
  }

  /** Canonical text of what is stored, for example `list<int32>`, or `list<int32> with ttl`. */
  get typeId(): string {
    return this.ttl === undefined ? this.contentId : `${this.contentId} with ttl`;
  }

  /** Canonical text without what is said of its life. */
  protected abstract get contentId(): string;
}

/**
 * One value per key.
 *
 * @example
 * ```ts
 * const count = ctx.getState(new ValueStateDescriptor('count', types.int32));
 * ```
 */
export class ValueStateDescriptor<T> extends StateDescriptor {
  override readonly kind = 'value';
  readonly type: TypeDescriptor<T>;

  constructor(name: string, type: TypeDescriptor<T> = types.dynamic(), options: StateOptions = {}) {
    super(name, options);
    this.type = type;
  }

  protected override get contentId(): string {
    return `value<${typeId(this.type)}>`;
  }
}

/**
 * A list per key, stored element by element: adding does not depend on its length.
 *
 * @example
 * ```ts
 * const seen = ctx.getListState(new ListStateDescriptor('seen', types.string));
 * ```
 */
export class ListStateDescriptor<T> extends StateDescriptor {
  override readonly kind = 'list';
  readonly elementType: TypeDescriptor<T>;

  constructor(name: string, elementType: TypeDescriptor<T> = types.dynamic(), options: StateOptions = {}) {
    super(name, options);
    this.elementType = elementType;
  }

  protected override get contentId(): string {
    return `list<${typeId(this.elementType)}>`;
  }
}

/**
 * A map per key, stored entry by entry. Its keys are what `keyBy` takes too: numbers, strings, booleans,
 * bigints, Uint8Arrays, and plain objects and arrays of these.
 *
 * @example
 * ```ts
 * const perPage = ctx.getMapState(new MapStateDescriptor('perPage', types.string, types.int32));
 * ```
 */
export class MapStateDescriptor<K, V> extends StateDescriptor {
  override readonly kind = 'map';
  readonly keyType: TypeDescriptor<K>;
  readonly valueType: TypeDescriptor<V>;

  constructor(
    name: string,
    keyType: TypeDescriptor<K> = types.dynamic(),
    valueType: TypeDescriptor<V> = types.dynamic(),
    options: StateOptions = {},
  ) {
    super(name, options);
    this.keyType = keyType;
    this.valueType = valueType;
  }

  protected override get contentId(): string {
    return `map<${typeId(this.keyType)},${typeId(this.valueType)}>`;
  }
}

/**
 * One value per key into which every added value is folded at once.
 *
 * @example
 * ```ts
 * const largest = ctx.getReducingState(new ReducingStateDescriptor('largest', Math.max, types.float64));
 * ```
 */
export class ReducingStateDescriptor<T> extends StateDescriptor {
  override readonly kind = 'reducing';
  readonly reduceFunction: ReduceFunction<T>;
  readonly type: TypeDescriptor<T>;

  constructor(
    name: string,
    reduceFunction: ReduceFunction<T>,
    type: TypeDescriptor<T> = types.dynamic(),
    options: StateOptions = {},
  ) {
    super(name, options);
    this.reduceFunction = reduceFunction;
    this.type = type;
  }

  protected override get contentId(): string {
    return `reducing<${typeId(this.type)}>`;
  }
}

/**
 * One accumulator per key; `get` gives the function's result.
 *
 * @example
 * ```ts
 * const sums = types.object({ sum: types.float64, count: types.int32 });
 * const mean = ctx.getAggregatingState(new AggregatingStateDescriptor('mean', meanDelay, sums));
 * ```
 */
export class AggregatingStateDescriptor<IN, ACC, OUT> extends StateDescriptor {
  override readonly kind = 'aggregating';
  readonly aggregateFunction: AggregateFunction<IN, ACC, OUT>;
  readonly accumulatorType: TypeDescriptor<ACC>;

  constructor(
    name: string,
    aggregateFunction: AggregateFunction<IN, ACC, OUT>,
    accumulatorType: TypeDescriptor<ACC> = types.dynamic(),
    options: StateOptions = {},
  ) {
    super(name, options);
    this.aggregateFunction = aggregateFunction;
    this.accumulatorType = accumulatorType;
  }

  protected override get contentId(): string {
    return `aggregating<${typeId(this.accumulatorType)}>`;
  }
}
