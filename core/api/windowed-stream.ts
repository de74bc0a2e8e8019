import type { Duration } from '../base/duration.js';
import type { FieldPathTo } from '../operator/field-path.js';
import type { KeyedRuntimeContext } from '../operator/keyed-process-function.js';
import { functionAndLife, lifeOf } from '../operator/rich-function.js';
import type { Comparable } from '../operator/rolling-aggregation.js';
import type { AggregateFunction, ReduceFunction } from '../state/aggregate-function.js';
import type { Evictor } from '../window/evictor.js';
import type { ProcessWindowFunction } from '../window/process-window-function.js';
import type { RichWindowFunction, WindowApply } from '../window/rich-window-functions.js';
import type { Trigger } from '../window/trigger.js';
import type { OutputTag } from './output-tag.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import type { WindowOperatorBuilder } from './window-operator-builder.js';

/**
 * Records of a keyed stream in windows. `reduce` and `aggregate` keep one value for each key and window,
 * `process` alone and windows with an evictor keep every record.
 *
 * @example
 * ```ts
 * const late = new OutputTag<Flight>('late');
 * const means = flights
 *   .keyBy((flight) => flight.origin)
 *   .window(TumblingEventTimeWindows.of('1 h'))
 *   .allowedLateness('10 min')
 *   .sideOutputLateData(late)
 *   .aggregate(meanDelay, {
 *     process(origin, ctx, [mean = 0], out: Collector<{ origin: string; hour: number; mean: number }>) {
 *       out.collect({ origin, hour: ctx.window.start, mean });
 *     },
 *   })
 *   .uid('mean-delay');
 * const lateFlights = means.getSideOutput(late);
 * ```
 */
export class WindowedStream<T, K> {
  readonly #builder: WindowOperatorBuilder<T, K>;

  /** Comes from a keyed stream. */
  constructor(builder: WindowOperatorBuilder<T, K>) {
    this.#builder = builder;
  }

  /**
   * Decides when windows fire, in place of the assigner's own trigger.
   *
   * @throws MillraceError MR1001 if windows merge and the trigger cannot
   */
  trigger(trigger: Trigger<T>): WindowedStream<T, K> {
    return new WindowedStream(this.#builder.trigger(trigger));
  }

  /** Takes records out of a window before or after its function sees them; so all of them are kept. */
  evictor(evictor: Evictor<T>): WindowedStream<T, K> {
    return new WindowedStream(this.#builder.evictor(evictor));
  }

  /**
   * How long after its end (in event time) a window still takes records; each of them fires it again.
   *
   * @throws MillraceError MR1001 if it is negative
   */
  allowedLateness(lateness: Duration): WindowedStream<T, K> {
    return new WindowedStream(this.#builder.allowedLateness(lateness));
  }

  /** Records that come too late go to this side output of the result; else they are counted and dropped. */
  sideOutputLateData(tag: OutputTag<T>): WindowedStream<T, K> {
    return new WindowedStream(this.#builder.sideOutputLateData(tag));
  }

  /**
   * Folds the records of a window into one. With `processWindow`, that is its single element.
   *
   * Sliding windows fold each record once, for all of their windows, and combine what they folded in the order
   * of time, not of arrival. Where that makes a difference, name a trigger: `.trigger(EventTimeTrigger.create())`.
   */
  reduce(fn: ReduceFunction<T>): SingleOutputStreamOperator<T>;
  reduce<R>(
    fn: ReduceFunction<T>,
    processWindow: ProcessWindowFunction<K, T, R>,
  ): SingleOutputStreamOperator<R>;
  reduce<R>(
    fn: ReduceFunction<T>,
    processWindow?: ProcessWindowFunction<K, T, R>,
  ): SingleOutputStreamOperator<T> | SingleOutputStreamOperator<R> {
    if (processWindow === undefined) return this.#builder.reduce(fn);
    return this.#builder.reduceAndProcess(fn, processWindow);
  }

  /**
   * Folds the records of a window into an accumulator. `processWindow` sees its result as single element. With
   * a `merge`, sliding windows fold each record once, as for {@link reduce}.
   */
  aggregate<ACC, R>(fn: AggregateFunction<T, ACC, R>): SingleOutputStreamOperator<R>;
  aggregate<ACC, V, R>(
    fn: AggregateFunction<T, ACC, V>,
    processWindow: ProcessWindowFunction<K, V, R>,
  ): SingleOutputStreamOperator<R>;
  aggregate<ACC, V, R>(
    fn: AggregateFunction<T, ACC, V>,
    processWindow?: ProcessWindowFunction<K, V, R>,
  ): SingleOutputStreamOperator<V> | SingleOutputStreamOperator<R> {
    if (processWindow === undefined) return this.#builder.aggregate(fn);
    return this.#builder.aggregateAndProcess(fn, processWindow);
  }

  /** Sees all records of a window when it fires. */
  process<R>(fn: ProcessWindowFunction<K, T, R>): SingleOutputStreamOperator<R> {
    return this.#builder.process(fn);
  }

  /**
   * {@link process} by a plain function, or an object with it as `apply` and a life.
   *
   * @example `windowed.apply<number>((user, window, clicks, out) => out.collect(clicks.length))`
   */
  apply<R>(fn: WindowApply<K, T, R> | RichWindowFunction<K, T, R>): SingleOutputStreamOperator<R> {
    const { fn: apply, life } = functionAndLife<WindowApply<K, T, R>, KeyedRuntimeContext>(
      fn,
      'apply',
      'apply',
    );
    return this.#builder.process<R>({
      ...lifeOf(life),
      process: (key, ctx, elements, out) => apply(key, ctx.window, elements, out),
    });
  }

  /**
   * The first record of a window, with the sum of the field over all of them; or, of plain numbers, their sum.
   *
   * @throws MillraceError MR1001 if the records are declared and have no such field
   */
  sum(this: WindowedStream<number, K>): SingleOutputStreamOperator<T>;
  sum<P extends FieldPathTo<T, number | bigint>>(field: P): SingleOutputStreamOperator<T>;
  sum(field?: string): SingleOutputStreamOperator<T> {
    return this.#builder.sum(field);
  }

  /** The first record of a window, with the least value of the field. */
  min(this: WindowedStream<number, K>): SingleOutputStreamOperator<T>;
  min<P extends FieldPathTo<T, Comparable>>(field: P): SingleOutputStreamOperator<T>;
  min(field?: string): SingleOutputStreamOperator<T> {
    return this.#builder.extreme(field, -1);
  }

  /** The first record of a window, with the greatest value of the field. */
  max(this: WindowedStream<number, K>): SingleOutputStreamOperator<T>;
  max<P extends FieldPathTo<T, Comparable>>(field: P): SingleOutputStreamOperator<T>;
  max(field?: string): SingleOutputStreamOperator<T> {
    return this.#builder.extreme(field, 1);
  }

  /** The record with the least value of the field; of several such, the `first` one or the last. */
  minBy(this: WindowedStream<number, K>): SingleOutputStreamOperator<T>;
  minBy<P extends FieldPathTo<T, Comparable>>(field: P, first?: boolean): SingleOutputStreamOperator<T>;
  minBy(field?: string, first = true): SingleOutputStreamOperator<T> {
    return this.#builder.extremeBy(field, -1, first);
  }

  /** The record with the greatest value of the field; of several such, the `first` one or the last. */
  maxBy(this: WindowedStream<number, K>): SingleOutputStreamOperator<T>;
  maxBy<P extends FieldPathTo<T, Comparable>>(field: P, first?: boolean): SingleOutputStreamOperator<T>;
  maxBy(field?: string, first = true): SingleOutputStreamOperator<T> {
    return this.#builder.extremeBy(field, 1, first);
  }
}
