import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import type { StreamOrigin } from '../graph/stream-graph.js';
import type { KeySelector } from '../operator/functions.js';
import { checkFunctionObject, checkSynchronous } from '../operator/synchronous.js';
import { checkOutputTag } from '../operator/tag-check.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { AggregateFunction, ReduceFunction } from '../state/aggregate-function.js';
import type { ProcessWindowFunction } from '../window/process-window-function.js';
import type { Trigger } from '../window/trigger.js';
import type { WindowAssigner } from '../window/window-assigner.js';
import {
  aggregatedContents,
  listedContents,
  reducedContents,
  type WindowContentsFactory,
} from '../window/window-contents.js';
import { passContents, processContents, type WindowFunction } from '../window/window-function.js';
import { windowOperator } from '../window/window-operator.js';
import type { OutputTag } from './output-tag.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import type { StreamFactory } from './stream-factory.js';

/** The keyed stream that is windowed. */
export interface WindowInput<T, K> {
  readonly factory: StreamFactory;
  readonly origins: readonly StreamOrigin[];
  readonly keySelector: KeySelector<T, K>;
  /** Asked for when the job runs. */
  recordType(): TypeDescriptor<T>;
}

interface WindowSettings<T> {
  readonly trigger: Trigger;
  readonly allowedLatenessMs: number;
  readonly lateTag: OutputTag<T> | undefined;
}

/**
 * Records of a keyed stream in windows. `reduce` and `aggregate` keep one value for each key and window,
 * `process` alone keeps every record.
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
  readonly #input: WindowInput<T, K>;
  readonly #assigner: WindowAssigner;
  readonly #settings: WindowSettings<T>;

  constructor(
    input: WindowInput<T, K>,
    assigner: WindowAssigner,
    settings: WindowSettings<T> = {
      trigger: assigner.defaultTrigger,
      allowedLatenessMs: 0,
      lateTag: undefined,
    },
  ) {
    this.#input = input;
    this.#assigner = assigner;
    this.#settings = settings;
  }

  /** Decides when windows fire, in place of the assigner's own trigger. */
  trigger(trigger: Trigger): WindowedStream<T, K> {
    return this.#with({ trigger });
  }

  /**
   * How long after its end (in event time) a window still takes records; each of them fires it again.
   *
   * @throws MillraceError MR1001 if it is negative
   */
  allowedLateness(lateness: Duration): WindowedStream<T, K> {
    const allowedLatenessMs = durationMs(lateness, 'allowed lateness');
    if (allowedLatenessMs >= 0) return this.#with({ allowedLatenessMs });
    throw new MillraceError('MR1001', `The allowed lateness is ${allowedLatenessMs} ms, which is negative.`);
  }

  /** Records that come too late go to this side output of the result; else they are counted and dropped. */
  sideOutputLateData(tag: OutputTag<T>): WindowedStream<T, K> {
    checkOutputTag(tag);
    return this.#with({ lateTag: tag });
  }

  /**
   * Folds the records of a window into one. With `processWindow`, that is its single element.
   *
   * @example
   * ```ts
   * const latest = windowed.reduce((a, b) => (a.time >= b.time ? a : b));
   * ```
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
    checkSynchronous(fn, 'The function given to reduce');
    const contents = reducedContents(fn, () => this.#input.recordType());
    if (processWindow === undefined) return this.#apply(contents, passContents<T>, 'inherit');
    return this.#apply(contents, single(processWindow), undefined);
  }

  /**
   * Folds the records of a window into an accumulator. `processWindow` sees its result as single element.
   *
   * @example
   * ```ts
   * const counts = windowed.aggregate({
   *   createAccumulator: () => 0,
   *   add: (_click, count) => count + 1,
   *   getResult: (count) => count,
   *   merge: (a, b) => a + b,
   * });
   * ```
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
    checkFunctionObject(fn, 'The aggregate function', ['createAccumulator', 'add', 'getResult'], ['merge']);
    const contents = aggregatedContents(fn);
    if (processWindow === undefined) return this.#apply(contents, passContents<V>, undefined);
    return this.#apply(contents, single(processWindow), undefined);
  }

  /** Sees all records of a window when it fires. */
  process<R>(fn: ProcessWindowFunction<K, T, R>): SingleOutputStreamOperator<R> {
    checkProcessWindow(fn);
    const contents = listedContents(() => this.#input.recordType());
    return this.#apply(
      contents,
      processContents(fn, (elements: readonly T[]) => elements),
      undefined,
    );
  }

  #with(changed: Partial<WindowSettings<T>>): WindowedStream<T, K> {
    return new WindowedStream(this.#input, this.#assigner, { ...this.#settings, ...changed });
  }

  #apply<CONTENTS, R>(
    contents: WindowContentsFactory<T, CONTENTS>,
    windowFunction: () => WindowFunction<CONTENTS, R>,
    outputType: 'inherit' | undefined,
  ): SingleOutputStreamOperator<R> {
    const { factory, origins, keySelector } = this.#input;
    const assigner = this.#assigner;
    const operator = windowOperator({ keySelector, assigner, ...this.#settings, contents, windowFunction });
    return factory.operator({
      kind: 'window',
      name: assigner.name,
      operator: { kind: 'operator', factory: operator },
      inputs: [origins],
      outputType,
      isStateful: true,
      needsWatermarks: assigner.isEventTime,
    });
  }
}

/** What was folded is the only element. */
function single<K, V, R>(fn: ProcessWindowFunction<K, V, R>): () => WindowFunction<V, R> {
  checkProcessWindow(fn);
  return processContents(fn, (folded: V) => [folded]);
}

function checkProcessWindow(fn: unknown): void {
  checkFunctionObject(fn, 'The process window function', ['process'], ['open', 'clear', 'close']);
}
