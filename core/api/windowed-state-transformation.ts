import type { Duration } from '../base/duration.js';
import { invariant } from '../base/invariant.js';
import { MillraceError } from '../base/millrace-error.js';
import type { KeySelector } from '../operator/functions.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { AggregateFunction, ReduceFunction } from '../state/aggregate-function.js';
import type { Evictor } from '../window/evictor.js';
import type { ProcessWindowFunction } from '../window/process-window-function.js';
import type { Trigger } from '../window/trigger.js';
import type { WindowAssigner } from '../window/window-assigner.js';
import { StateBootstrapTransformation } from './state-bootstrap-transformation.js';
import { StreamExecutionEnvironment } from './stream-execution-environment.js';
import type { WindowedStream } from './windowed-stream.js';

/** What state is made of, and what is known of it. */
export interface BootstrapRecords<T> {
  readonly data: Iterable<T> | AsyncIterable<T>;
  readonly type: TypeDescriptor<T> | undefined;
  readonly timestampOf: ((value: T) => number) | undefined;
}

/**
 * Records that become the contents of windows, with the timers and the trigger's state that belong to them: by the
 * operator that the job has, to which the same is told of assigner, trigger, evictor, lateness and function. Event time
 * stands still meanwhile, so no window ends; what a trigger fires is dropped.
 *
 * @example
 * ```ts
 * const minutes = OperatorTransformation.bootstrapWith([{ sensor: 'a', celsius: 21, at: 5_000 }])
 *   .assignTimestamps(({ at }) => at)
 *   .keyBy('sensor')
 *   .window(TumblingEventTimeWindows.of('1 min'))
 *   .reduce((a, b) => (a.celsius > b.celsius ? a : b));
 * await SavepointWriter.newSavepoint(128).withOperator('minutes', minutes).write('./savepoints/first');
 * ```
 */
export class WindowedStateTransformation<K, T> {
  readonly #records: BootstrapRecords<T>;
  readonly #windowed: DescribedWindows<K, T>;

  /** Comes from {@link KeyedStateTransformation}. */
  constructor(records: BootstrapRecords<T>, windowed: DescribedWindows<K, T>) {
    this.#records = records;
    this.#windowed = windowed;
    // What is wrong with it is told where it is said.
    windowed(new StreamExecutionEnvironment());
  }

  static of<K, T>(
    records: BootstrapRecords<T>,
    keySelector: KeySelector<T, K>,
    assigner: WindowAssigner<T>,
  ): WindowedStateTransformation<K, T> {
    const windowed = (env: StreamExecutionEnvironment): WindowedStream<T, K> =>
      env.fromData<T>([], records.type).keyBy(keySelector).window(assigner);
    const transformation = new WindowedStateTransformation(records, windowed);
    if (!assigner.isEventTime() || records.timestampOf !== undefined) return transformation;
    throw new MillraceError('MR1001', 'Windows of event time were given records without timestamps.', {
      hint: 'Call .assignTimestamps((value) => value.time) before keyBy.',
    });
  }

  /** @throws MillraceError MR1001 if windows merge and the trigger cannot */
  trigger(trigger: Trigger<T>): WindowedStateTransformation<K, T> {
    return this.#with((windowed) => windowed.trigger(trigger));
  }

  evictor(evictor: Evictor<T>): WindowedStateTransformation<K, T> {
    return this.#with((windowed) => windowed.evictor(evictor));
  }

  /** @throws MillraceError MR1001 if it is negative */
  allowedLateness(lateness: Duration): WindowedStateTransformation<K, T> {
    return this.#with((windowed) => windowed.allowedLateness(lateness));
  }

  /** For windows that `reduce` of a windowed stream folds, with a process function or without. */
  reduce(fn: ReduceFunction<T>): StateBootstrapTransformation {
    return this.#by((windowed) => windowed.reduce(fn));
  }

  /** For windows that `aggregate` of a windowed stream folds, with a process function or without. */
  aggregate<ACC, R>(fn: AggregateFunction<T, ACC, R>): StateBootstrapTransformation {
    return this.#by((windowed) => windowed.aggregate(fn));
  }

  /** For windows that keep all elements. The function is opened, and called where a trigger fires. */
  process<R>(fn: ProcessWindowFunction<K, T, R>): StateBootstrapTransformation {
    return this.#by((windowed) => windowed.process(fn));
  }

  #with(change: (windowed: WindowedStream<T, K>) => WindowedStream<T, K>): WindowedStateTransformation<K, T> {
    return new WindowedStateTransformation(this.#records, (env) => change(this.#windowed(env)));
  }

  #by(fold: (windowed: WindowedStream<T, K>) => unknown): StateBootstrapTransformation {
    const env = new StreamExecutionEnvironment();
    fold(this.#windowed(env));
    const operator = env.describe().graph.nodes.at(-1)?.spec.operator;
    invariant(operator?.kind === 'operator', 'the last node of a job is the window that was described last');
    const { data, timestampOf } = this.#records;
    return new StateBootstrapTransformation({ kind: 'window', data, timestampOf, factory: operator.factory });
  }
}

/** Adds the windows to a job that has nothing else. */
type DescribedWindows<K, T> = (env: StreamExecutionEnvironment) => WindowedStream<T, K>;
