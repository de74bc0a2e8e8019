import type { Duration } from '../base/duration.js';
import type { FieldPathTo } from '../operator/field-path.js';
import type { KeyedRuntimeContext } from '../operator/keyed-process-function.js';
import { functionAndLife, LIFE_METHODS, lifeOf } from '../operator/rich-function.js';
import type { Comparable } from '../operator/rolling-aggregation.js';
import { checkFunctionObject } from '../operator/synchronous.js';
import type { AggregateFunction, ReduceFunction } from '../state/aggregate-function.js';
import type { Evictor } from '../window/evictor.js';
import type { ProcessAllWindowFunction } from '../window/process-all-window-function.js';
import type { ProcessWindowFunction } from '../window/process-window-function.js';
import type { AllWindowApply, RichAllWindowFunction } from '../window/rich-window-functions.js';
import type { Trigger } from '../window/trigger.js';
import type { OutputTag } from './output-tag.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import type { WindowOperatorBuilder } from './window-operator-builder.js';

/**
 * All records of a stream in windows, by one subtask: its parallelism is 1 and stays so. Where there is a key,
 * `keyBy` spreads the work.
 *
 * @example
 * ```ts
 * const clicksAMinute = clicks.windowAll(TumblingEventTimeWindows.of('1 min')).aggregate(counting);
 * ```
 */
export class AllWindowedStream<T> {
  readonly #builder: WindowOperatorBuilder<T, number>;

  /** Comes from a stream. */
  constructor(builder: WindowOperatorBuilder<T, number>) {
    this.#builder = builder;
  }

  /**
   * Decides when windows fire, in place of the assigner's own trigger.
   *
   * @throws MillraceError MR1001 if windows merge and the trigger cannot
   */
  trigger(trigger: Trigger<T>): AllWindowedStream<T> {
    return new AllWindowedStream(this.#builder.trigger(trigger));
  }

  /** Takes records out of a window before or after its function sees them; so all of them are kept. */
  evictor(evictor: Evictor<T>): AllWindowedStream<T> {
    return new AllWindowedStream(this.#builder.evictor(evictor));
  }

  /**
   * How long after its end (in event time) a window still takes records; each of them fires it again.
   *
   * @throws MillraceError MR1001 if it is negative
   */
  allowedLateness(lateness: Duration): AllWindowedStream<T> {
    return new AllWindowedStream(this.#builder.allowedLateness(lateness));
  }

  /** Records that come too late go to this side output of the result; else they are counted and dropped. */
  sideOutputLateData(tag: OutputTag<T>): AllWindowedStream<T> {
    return new AllWindowedStream(this.#builder.sideOutputLateData(tag));
  }

  /** Folds the records of a window into one, as {@link WindowedStream.reduce} does. */
  reduce(fn: ReduceFunction<T>): SingleOutputStreamOperator<T>;
  reduce<R>(
    fn: ReduceFunction<T>,
    processWindow: ProcessAllWindowFunction<T, R>,
  ): SingleOutputStreamOperator<R>;
  reduce<R>(
    fn: ReduceFunction<T>,
    processWindow?: ProcessAllWindowFunction<T, R>,
  ): SingleOutputStreamOperator<T> | SingleOutputStreamOperator<R> {
    if (processWindow === undefined) return this.#builder.reduce(fn);
    return this.#builder.reduceAndProcess(fn, withoutKey(processWindow));
  }

  /** Folds the records of a window into an accumulator, as {@link WindowedStream.aggregate} does. */
  aggregate<ACC, R>(fn: AggregateFunction<T, ACC, R>): SingleOutputStreamOperator<R>;
  aggregate<ACC, V, R>(
    fn: AggregateFunction<T, ACC, V>,
    processWindow: ProcessAllWindowFunction<V, R>,
  ): SingleOutputStreamOperator<R>;
  aggregate<ACC, V, R>(
    fn: AggregateFunction<T, ACC, V>,
    processWindow?: ProcessAllWindowFunction<V, R>,
  ): SingleOutputStreamOperator<V> | SingleOutputStreamOperator<R> {
    if (processWindow === undefined) return this.#builder.aggregate(fn);
    return this.#builder.aggregateAndProcess(fn, withoutKey(processWindow));
  }

  /** Sees all records of a window when it fires. */
  process<R>(fn: ProcessAllWindowFunction<T, R>): SingleOutputStreamOperator<R> {
    return this.#builder.process(withoutKey(fn));
  }

  /** {@link process} by a plain function, or an object with it as `apply` and a life. */
  apply<R>(fn: AllWindowApply<T, R> | RichAllWindowFunction<T, R>): SingleOutputStreamOperator<R> {
    const { fn: apply, life } = functionAndLife<AllWindowApply<T, R>, KeyedRuntimeContext>(
      fn,
      'apply',
      'apply',
    );
    const process: ProcessAllWindowFunction<T, R>['process'] = (ctx, elements, out) =>
      apply(ctx.window, elements, out);
    return this.process<R>({ ...lifeOf(life), process });
  }

  /**
   * The first record of a window, with the sum of the field over all of them; or, of plain numbers, their sum.
   *
   * @throws MillraceError MR1001 if the records are declared and have no such field
   */
  sum(this: AllWindowedStream<number>): SingleOutputStreamOperator<T>;
  sum<P extends FieldPathTo<T, number | bigint>>(field: P): SingleOutputStreamOperator<T>;
  sum(field?: string): SingleOutputStreamOperator<T> {
    return this.#builder.sum(field);
  }

  /** The first record of a window, with the least value of the field. */
  min(this: AllWindowedStream<number>): SingleOutputStreamOperator<T>;
  min<P extends FieldPathTo<T, Comparable>>(field: P): SingleOutputStreamOperator<T>;
  min(field?: string): SingleOutputStreamOperator<T> {
    return this.#builder.extreme(field, -1);
  }

  /** The first record of a window, with the greatest value of the field. */
  max(this: AllWindowedStream<number>): SingleOutputStreamOperator<T>;
  max<P extends FieldPathTo<T, Comparable>>(field: P): SingleOutputStreamOperator<T>;
  max(field?: string): SingleOutputStreamOperator<T> {
    return this.#builder.extreme(field, 1);
  }

  /** The record with the least value of the field; of several such, the `first` one or the last. */
  minBy(this: AllWindowedStream<number>): SingleOutputStreamOperator<T>;
  minBy<P extends FieldPathTo<T, Comparable>>(field: P, first?: boolean): SingleOutputStreamOperator<T>;
  minBy(field?: string, first = true): SingleOutputStreamOperator<T> {
    return this.#builder.extremeBy(field, -1, first);
  }

  /** The record with the greatest value of the field; of several such, the `first` one or the last. */
  maxBy(this: AllWindowedStream<number>): SingleOutputStreamOperator<T>;
  maxBy<P extends FieldPathTo<T, Comparable>>(field: P, first?: boolean): SingleOutputStreamOperator<T>;
  maxBy(field?: string, first = true): SingleOutputStreamOperator<T> {
    return this.#builder.extremeBy(field, 1, first);
  }
}

function withoutKey<IN, R>(fn: ProcessAllWindowFunction<IN, R>): ProcessWindowFunction<number, IN, R> {
  checkFunctionObject(fn, 'The process window function', ['process'], ['clear', ...LIFE_METHODS]);
  return {
    ...lifeOf(fn),
    process: (_key, ctx, elements, out) => fn.process(ctx, elements, out),
    clear: (ctx) => fn.clear?.(ctx),
  };
}
