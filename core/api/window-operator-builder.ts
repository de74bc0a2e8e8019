import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import type { StreamOrigin } from '../graph/stream-graph.js';
import { parsePath } from '../operator/field-path.js';
import type { KeySelector } from '../operator/functions.js';
import { LIFE_METHODS } from '../operator/rich-function.js';
import { extremeBy, extremeOf, sumOf } from '../operator/rolling-aggregation.js';
import { checkFunctionObject, checkSynchronous } from '../operator/synchronous.js';
import { checkOutputTag } from '../operator/tag-check.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { AggregateFunction, ReduceFunction } from '../state/aggregate-function.js';
import type { Evictor } from '../window/evictor.js';
import type { ProcessWindowFunction } from '../window/process-window-function.js';
import { canMerge, type Trigger } from '../window/trigger.js';
import { isMerging, type WindowAssigner } from '../window/window-assigner.js';
import {
  aggregateAll,
  aggregatedContents,
  evictedContents,
  listedContents,
  reduceAll,
  reducedContents,
  type WindowContentsFactory,
} from '../window/window-contents.js';
import { passContents, processContents, type WindowFunction } from '../window/window-function.js';
import { windowOperator } from '../window/window-operator.js';
import type { OutputTag } from './output-tag.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import type { StreamFactory } from './stream-factory.js';

/** The stream that is windowed. */
export interface WindowInput<T, K> {
  readonly factory: StreamFactory;
  readonly origins: readonly StreamOrigin[];
  readonly keySelector: KeySelector<T, K>;
  /** Asked for when the job runs. */
  recordType(): TypeDescriptor<T>;
  /** All records go through one subtask. */
  readonly isNonParallel?: boolean;
}

interface WindowSettings<T> {
  /** Undefined: the assigner's own. */
  readonly trigger: Trigger<T> | undefined;
  readonly evictor: Evictor<T> | undefined;
  readonly allowedLatenessMs: number;
  readonly lateTag: OutputTag<T> | undefined;
}

/** What a windowed stream has been told so far, and the operator that follows from it. Never changes. */
export class WindowOperatorBuilder<T, K> {
  readonly #input: WindowInput<T, K>;
  readonly #assigner: WindowAssigner<T>;
  readonly #settings: WindowSettings<T>;

  private constructor(input: WindowInput<T, K>, assigner: WindowAssigner<T>, settings: WindowSettings<T>) {
    this.#input = input;
    this.#assigner = assigner;
    this.#settings = settings;
  }

  /** @throws MillraceError MR1001 if it is no window assigner */
  static of<T, K>(input: WindowInput<T, K>, assigner: WindowAssigner<T>): WindowOperatorBuilder<T, K> {
    const methods = ['assignWindows', 'getDefaultTrigger', 'isEventTime'];
    checkFunctionObject(assigner, 'The window assigner', methods, ['mergeWindows']);
    return new WindowOperatorBuilder(input, assigner, {
      trigger: undefined,
      evictor: undefined,
      allowedLatenessMs: 0,
      lateTag: undefined,
    });
  }

  trigger(trigger: Trigger<T>): WindowOperatorBuilder<T, K> {
    const optional = ['onEventTime', 'onProcessingTime', 'onMerge', 'canMerge', 'clear'];
    checkFunctionObject(trigger, 'The trigger', ['onElement'], optional);
    if (isMerging(this.#assigner) && !canMerge(trigger)) {
      throw new MillraceError('MR1001', 'The trigger cannot be used where windows merge.', {
        why: 'When windows become one, its timers and state must too.',
        hint: 'Give it an onMerge, or use windows that do not merge.',
      });
    }
    return this.#with({ trigger });
  }

  evictor(evictor: Evictor<T>): WindowOperatorBuilder<T, K> {
    checkFunctionObject(evictor, 'The evictor', [], ['evictBefore', 'evictAfter']);
    return this.#with({ evictor });
  }

  allowedLateness(lateness: Duration): WindowOperatorBuilder<T, K> {
    const allowedLatenessMs = durationMs(lateness, 'allowed lateness');
    if (allowedLatenessMs >= 0) return this.#with({ allowedLatenessMs });
    throw new MillraceError('MR1001', `The allowed lateness is ${allowedLatenessMs} ms, which is negative.`);
  }

  sideOutputLateData(tag: OutputTag<T>): WindowOperatorBuilder<T, K> {
    checkOutputTag(tag);
    return this.#with({ lateTag: tag });
  }

  reduce(fn: ReduceFunction<T>): SingleOutputStreamOperator<T> {
    checkReduce(fn);
    return this.#reduced(fn, passContents<T>, 'inherit');
  }

  reduceAndProcess<R>(
    fn: ReduceFunction<T>,
    processWindow: ProcessWindowFunction<K, T, R>,
  ): SingleOutputStreamOperator<R> {
    checkReduce(fn);
    return this.#reduced(fn, single(processWindow), undefined);
  }

  aggregate<ACC, R>(fn: AggregateFunction<T, ACC, R>): SingleOutputStreamOperator<R> {
    return this.#aggregated(fn, passContents<R>);
  }

  aggregateAndProcess<ACC, V, R>(
    fn: AggregateFunction<T, ACC, V>,
    processWindow: ProcessWindowFunction<K, V, R>,
  ): SingleOutputStreamOperator<R> {
    return this.#aggregated(fn, single(processWindow));
  }

  sum(field: string | undefined): SingleOutputStreamOperator<T> {
    return this.reduce(sumOf(this.#path(field, 'sum')));
  }

  /** `sign`: -1 for the least value, 1 for the greatest. */
  extreme(field: string | undefined, sign: -1 | 1): SingleOutputStreamOperator<T> {
    return this.reduce(extremeOf(this.#path(field, sign < 0 ? 'min' : 'max'), sign));
  }

  extremeBy(field: string | undefined, sign: -1 | 1, first: boolean): SingleOutputStreamOperator<T> {
    return this.reduce(extremeBy(this.#path(field, sign < 0 ? 'minBy' : 'maxBy'), sign, first));
  }

  process<R>(fn: ProcessWindowFunction<K, T, R>): SingleOutputStreamOperator<R> {
    checkProcessWindow(fn);
    const { evictor } = this.#settings;
    const type = () => this.#input.recordType();
    const all = (elements: readonly T[]): readonly T[] => elements;
    if (evictor !== undefined) {
      return this.#apply(evictedContents(evictor, all, type), processContents(fn, all), undefined);
    }
    return this.#apply(listedContents(type), processContents(fn, all), undefined);
  }

  #path(field: string | undefined, method: string): readonly string[] {
    return field === undefined ? [] : parsePath(field, this.#input.recordType(), method);
  }

  #reduced<R>(
    fn: ReduceFunction<T>,
    windowFunction: () => WindowFunction<T, R>,
    outputType: 'inherit' | undefined,
  ): SingleOutputStreamOperator<R> {
    const { evictor } = this.#settings;
    const type = () => this.#input.recordType();
    if (evictor === undefined) return this.#apply(reducedContents(fn, type), windowFunction, outputType);
    return this.#apply(evictedContents(evictor, reduceAll(fn), type), windowFunction, outputType);
  }

  #aggregated<ACC, V, R>(
    fn: AggregateFunction<T, ACC, V>,
    windowFunction: () => WindowFunction<V, R>,
  ): SingleOutputStreamOperator<R> {
    checkAggregate(fn);
    const { evictor } = this.#settings;
    if (evictor !== undefined) {
      const type = () => this.#input.recordType();
      return this.#apply(evictedContents(evictor, aggregateAll(fn), type), windowFunction, undefined);
    }
    if (isMerging(this.#assigner) && fn.merge === undefined) {
      throw new MillraceError('MR1001', 'The aggregate function cannot be used where windows merge.', {
        hint: 'Give it a merge(a, b), which makes one accumulator of two.',
      });
    }
    return this.#apply(aggregatedContents(fn), windowFunction, undefined);
  }

  #with(changed: Partial<WindowSettings<T>>): WindowOperatorBuilder<T, K> {
    return new WindowOperatorBuilder(this.#input, this.#assigner, { ...this.#settings, ...changed });
  }

  #apply<ACC, CONTENTS, R>(
    contents: WindowContentsFactory<T, ACC, CONTENTS>,
    windowFunction: () => WindowFunction<CONTENTS, R>,
    outputType: 'inherit' | undefined,
  ): SingleOutputStreamOperator<R> {
    const { factory, origins, keySelector, isNonParallel = false } = this.#input;
    const assigner = this.#assigner;
    const { trigger, allowedLatenessMs, lateTag } = this.#settings;
    const description = {
      keySelector,
      assigner,
      trigger,
      allowedLatenessMs,
      lateTag,
      contents,
      windowFunction,
    };
    return factory.operator({
      kind: 'window',
      name: assigner.name ?? assigner.constructor.name,
      operator: { kind: 'operator', factory: windowOperator(description) },
      inputs: [origins],
      outputType,
      isStateful: true,
      needsWatermarks: assigner.isEventTime() || trigger?.needsWatermarks === true,
      isNonParallel,
    });
  }
}

/** What was folded is the only element. */
function single<K, V, R>(fn: ProcessWindowFunction<K, V, R>): () => WindowFunction<V, R> {
  checkProcessWindow(fn);
  return processContents(fn, (folded: V) => [folded]);
}

function checkProcessWindow(fn: unknown): void {
  checkFunctionObject(fn, 'The process window function', ['process'], ['clear', ...LIFE_METHODS]);
}

/** What folds the records of windows has no life: it belongs to no one window, and keeps nothing beside them. */
function refuseLife(what: string): never {
  throw new MillraceError('MR1001', what, {
    hint: 'Give what needs open and close to a process window function, as second argument.',
  });
}

function checkReduce(fn: unknown): void {
  if (typeof fn === 'object' && fn !== null)
    refuseLife('The reduce of a window was given an object, and takes a function.');
  checkSynchronous(fn, 'The function given to reduce');
}

function checkAggregate(fn: object): void {
  checkFunctionObject(fn, 'The aggregate function', ['createAccumulator', 'add', 'getResult'], ['merge']);
  const method = LIFE_METHODS.find((name) => name in fn);
  if (method !== undefined)
    refuseLife(`The aggregate function of a window has '${method}', which nobody would call.`);
}
