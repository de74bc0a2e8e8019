import { MillraceError } from '../base/millrace-error.js';
import type { StreamOrigin } from '../graph/stream-graph.js';
import { type FieldPathTo, parsePath } from '../operator/field-path.js';
import type { FilterFunction, FlatMapFunction, KeySelector, MapFunction } from '../operator/functions.js';
import { keyedFinalReduceOperator } from '../operator/keyed-final-reduce-operator.js';
import type { KeyedProcessFunction, KeyedRuntimeContext } from '../operator/keyed-process-function.js';
import { keyedProcessOperator } from '../operator/keyed-process-operator.js';
import { keyedReduceOperator } from '../operator/keyed-reduce-operator.js';
import { functionAndLife, LIFE_METHODS } from '../operator/rich-function.js';
import type {
  RichFilterFunction,
  RichFlatMapFunction,
  RichMapFunction,
  RichProcess,
  RichReduceFunction,
} from '../operator/rich-functions.js';
import { type Comparable, extremeBy, extremeOf, sumOf } from '../operator/rolling-aggregation.js';
import { checkFunctionObject } from '../operator/synchronous.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { ReduceFunction } from '../state/aggregate-function.js';
import type { WindowAssigner } from '../window/window-assigner.js';
import {
  type BroadcastConnectedStream,
  BroadcastStream,
  KeyedBroadcastConnectedStream,
} from './broadcast-stream.js';
import { ConnectedStreams, KeyedConnectedStreams } from './connected-streams.js';
import { countWindows } from './count-windows.js';
import { DataStream } from './data-stream.js';
import { IntervalJoin } from './interval-join.js';
import type { PartitionWindowedStream } from './partition-windowed-stream.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import type { StreamFactory } from './stream-factory.js';
import { WindowOperatorBuilder } from './window-operator-builder.js';
import { WindowedStream } from './windowed-stream.js';

/**
 * A stream whose records are spread by a key of type K: all of a key come to one subtask, in the order of
 * each producer, and operators have state of the key.
 *
 * @example
 * ```ts
 * const counts = words
 *   .map((word) => ({ word, count: 1 }))
 *   .keyBy((v) => v.word)
 *   .reduce((a, b) => ({ word: a.word, count: a.count + b.count }))
 *   .uid('counts');
 * ```
 */
export class KeyedStream<T, K> extends DataStream<T> {
  readonly keySelector: KeySelector<T, K>;
  /** Undeclared when absent. */
  readonly keyType: TypeDescriptor<K> | undefined;

  constructor(
    factory: StreamFactory,
    origins: readonly StreamOrigin[],
    keySelector: KeySelector<T, K>,
    keyType: TypeDescriptor<K> | undefined,
  ) {
    super(factory, origins);
    this.keySelector = keySelector;
    this.keyType = keyType;
  }

  /**
   * Joins the stream with another keyed one: records of either that have one key share state and timers. With
   * a stream without keys, neither has them.
   */
  override connect<U>(other: KeyedStream<U, K>): KeyedConnectedStreams<T, U, K>;
  override connect<U>(broadcast: BroadcastStream<U>): KeyedBroadcastConnectedStream<T, U, K>;
  override connect<U>(other: DataStream<U> & { readonly keySelector?: never }): ConnectedStreams<T, U>;
  override connect<U>(
    other: DataStream<U> | BroadcastStream<U>,
  ): ConnectedStreams<T, U> | BroadcastConnectedStream<T, U> {
    const { keySelector } = this;
    const inputs = this.connected(other);
    if (other instanceof BroadcastStream)
      return new KeyedBroadcastConnectedStream<T, U, K>(inputs, other.descriptors, keySelector);
    if (!(other instanceof KeyedStream)) return new ConnectedStreams<T, U>(inputs);
    return new KeyedConnectedStreams<T, U, K>(inputs, {
      first: keySelector,
      second: other.keySelector as KeySelector<U, K>,
    });
  }

  /** As without keys; the `open` of a function object may ask for state, which is that of the record's key. */
  override map<R>(
    fn: MapFunction<T, R> | RichMapFunction<T, R, KeyedRuntimeContext>,
  ): SingleOutputStreamOperator<R> {
    return super.map(fn as MapFunction<T, R>);
  }

  override filter<S extends T>(predicate: (value: T) => value is S): SingleOutputStreamOperator<S>;
  override filter(
    predicate: FilterFunction<T> | RichFilterFunction<T, KeyedRuntimeContext>,
  ): SingleOutputStreamOperator<T>;
  override filter(
    predicate: FilterFunction<T> | RichFilterFunction<T, KeyedRuntimeContext>,
  ): SingleOutputStreamOperator<T> {
    return super.filter(predicate as FilterFunction<T>);
  }

  override flatMap<R>(
    fn: FlatMapFunction<T, R> | RichFlatMapFunction<T, R, KeyedRuntimeContext>,
  ): SingleOutputStreamOperator<R> {
    return super.flatMap(fn as FlatMapFunction<T, R>);
  }

  protected override rich<R>(
    kind: string,
    name: string,
    fn: RichProcess<T, R>,
    outputType: 'inherit' | undefined,
  ): SingleOutputStreamOperator<R> {
    return this.factory.operator({
      kind,
      name,
      operator: { kind: 'operator', factory: keyedProcessOperator(this.keySelector, fn) },
      inputs: [this.origins],
      outputType,
      isStateful: true,
    });
  }

  /**
   * Folds the records of each key, and emits every new value. `fn` may change and return its first one; as an
   * object it may have a life, see {@link RichReduceFunction}.
   *
   * @example
   * ```ts
   * const worst = flights.keyBy((f) => f.origin).reduce((a, b) => (a.delay >= b.delay ? a : b));
   * ```
   */
  reduce(fn: ReduceFunction<T> | RichReduceFunction<T>): SingleOutputStreamOperator<T> {
    return this.#rolling('keyed-reduce', 'Keyed Reduce', fn);
  }

  /**
   * The sum so far of a field over the records of the key, after each record. The other fields are those of the
   * key's first record.
   *
   * @throws MillraceError MR1001 if the records are declared and have no such field
   * @example `flights.keyBy('origin').sum('delay')`, or of plain numbers `numbers.keyBy((n) => n % 2).sum()`
   */
  sum(this: KeyedStream<number, K>): SingleOutputStreamOperator<T>;
  sum<P extends FieldPathTo<T, number | bigint>>(field: P): SingleOutputStreamOperator<T>;
  sum(field?: string): SingleOutputStreamOperator<T> {
    return this.#aggregation(sumOf(this.#path(field, 'sum')));
  }

  /** The least value so far of a field; the other fields are those of the key's first record. */
  min(this: KeyedStream<number, K>): SingleOutputStreamOperator<T>;
  min<P extends FieldPathTo<T, Comparable>>(field: P): SingleOutputStreamOperator<T>;
  min(field?: string): SingleOutputStreamOperator<T> {
    return this.#aggregation(extremeOf(this.#path(field, 'min'), -1));
  }

  /** The greatest value so far of a field; the other fields are those of the key's first record. */
  max(this: KeyedStream<number, K>): SingleOutputStreamOperator<T>;
  max<P extends FieldPathTo<T, Comparable>>(field: P): SingleOutputStreamOperator<T>;
  max(field?: string): SingleOutputStreamOperator<T> {
    return this.#aggregation(extremeOf(this.#path(field, 'max'), 1));
  }

  /** The record with the least value so far of a field; of several the `first` one, or the last. */
  minBy(this: KeyedStream<number, K>): SingleOutputStreamOperator<T>;
  minBy<P extends FieldPathTo<T, Comparable>>(field: P, first?: boolean): SingleOutputStreamOperator<T>;
  minBy(field?: string, first = true): SingleOutputStreamOperator<T> {
    return this.#aggregation(extremeBy(this.#path(field, 'minBy'), -1, first));
  }

  /** The record with the greatest value so far of a field; of several the `first` one, or the last. */
  maxBy(this: KeyedStream<number, K>): SingleOutputStreamOperator<T>;
  maxBy<P extends FieldPathTo<T, Comparable>>(field: P, first?: boolean): SingleOutputStreamOperator<T>;
  maxBy(field?: string, first = true): SingleOutputStreamOperator<T> {
    return this.#aggregation(extremeBy(this.#path(field, 'maxBy'), 1, first));
  }

  /**
   * Sees each record with state and timers of its key; see {@link KeyedProcessFunction}.
   *
   * @example
   * ```ts
   * function firstOnly(): KeyedProcessFunction<string, Click, Click> {
   *   let seen: ValueState<boolean>;
   *   return {
   *     open(ctx) {
   *       seen = ctx.getState(new ValueStateDescriptor('seen', types.boolean));
   *     },
   *     processElement(click, _ctx, out) {
   *       if (seen.value() !== true) out.collect(click);
   *       seen.update(true);
   *     },
   *   };
   * }
   * const firsts = clicks.keyBy((click) => click.user).process(firstOnly()).uid('firsts');
   * ```
   */
  override process<R>(fn: KeyedProcessFunction<K, T, R>): SingleOutputStreamOperator<R> {
    checkFunctionObject(fn, 'The keyed process function', ['processElement'], ['onTimer', ...LIFE_METHODS]);
    return this.factory.operator({
      kind: 'keyed-process',
      name: 'KeyedProcess',
      operator: { kind: 'operator', factory: keyedProcessOperator(this.keySelector, fn) },
      inputs: [this.origins],
      outputType: undefined,
      isStateful: true,
    });
  }

  /**
   * Joins records of this stream with those of another that have the same key and a time close to theirs.
   *
   * @example
   * ```ts
   * const paid = orders
   *   .keyBy((order) => order.id)
   *   .intervalJoin(payments.keyBy((payment) => payment.order))
   *   .between('-1 min', '1 h')
   *   .process<string>({ processElement: ({ id }, _payment, _ctx, out) => out.collect(id) });
   * ```
   */
  intervalJoin<U>(other: KeyedStream<U, K>): IntervalJoin<T, U, K> {
    if (!(other instanceof KeyedStream)) {
      throw new MillraceError('MR1001', 'intervalJoin takes a keyed stream.', {
        hint: 'left.keyBy(...).intervalJoin(right.keyBy(...))',
      });
    }
    return new IntervalJoin<T, U, K>({
      inputs: this.connected(other),
      keys: { first: this.keySelector, second: other.keySelector },
      types: { left: () => this.recordType(), right: () => other.recordType() },
    });
  }

  /**
   * Collects the records of each key into windows.
   *
   * @throws MillraceError MR1001 if it is no window assigner
   * @example
   * ```ts
   * const hourly = clicks.keyBy((click) => click.user).window(TumblingEventTimeWindows.of('1 h'));
   * ```
   */
  override window(assigner: WindowAssigner<T>): WindowedStream<T, K> {
    const { factory, origins, keySelector } = this;
    const recordType = (): TypeDescriptor<T> => this.recordType();
    const input = { factory, origins, keySelector, recordType };
    return new WindowedStream(WindowOperatorBuilder.of(input, assigner));
  }

  /**
   * Windows of so many records of a key each, which begin anew when they have fired. With `slide`: the last
   * `size` records of the key, whenever so many of it have come.
   *
   * @throws MillraceError MR1001 unless they are whole numbers above 0
   * @example `clicks.keyBy((click) => click.user).countWindow(100).reduce((a, b) => (a.time > b.time ? a : b))`
   */
  override countWindow(size: number, slide?: number): WindowedStream<T, K> {
    const { assigner, trigger, evictor } = countWindows(size, slide);
    const windowed = this.window(assigner).trigger(trigger);
    return evictor === undefined ? windowed : windowed.evictor(evictor);
  }

  override fullWindowPartition(): PartitionWindowedStream<T> {
    return this.partitions(this.keySelector);
  }

  #path(field: string | undefined, method: string): readonly string[] {
    return field === undefined ? [] : parsePath(field, this.recordType(), method);
  }

  #aggregation(fn: ReduceFunction<T>): SingleOutputStreamOperator<T> {
    return this.#rolling('keyed-aggregation', 'Keyed Aggregation', fn);
  }

  #rolling(
    kind: string,
    name: string,
    fn: ReduceFunction<T> | RichReduceFunction<T>,
  ): SingleOutputStreamOperator<T> {
    const { keySelector } = this;
    const type = () => this.recordType();
    const reduction = {
      ...functionAndLife<ReduceFunction<T>, KeyedRuntimeContext>(fn, 'reduce', 'reduce'),
      keySelector,
      type,
    };
    return this.factory.operator({
      kind,
      name,
      operator: { kind: 'operator', factory: keyedReduceOperator(reduction) },
      batchOperator: { kind: 'operator', factory: keyedFinalReduceOperator(reduction) },
      inputs: [this.origins],
      outputType: 'inherit',
      isStateful: true,
    });
  }
}
