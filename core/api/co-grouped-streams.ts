import type { Duration } from '../base/duration.js';
import type { StreamOrigin } from '../graph/stream-graph.js';
import type { Collector } from '../operator/collector.js';
import type { KeySelector, MapFunction } from '../operator/functions.js';
import type { KeyedRuntimeContext } from '../operator/keyed-process-function.js';
import { functionAndLife, lifeOf, type RichFunction } from '../operator/rich-function.js';
import { mapOperator } from '../operator/stateless-operator.js';
import { checkSynchronous, expectNoPromise } from '../operator/synchronous.js';
import type { TypeDescriptor, TypeNode } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import type { Evictor } from '../window/evictor.js';
import type { Trigger } from '../window/trigger.js';
import type { WindowAssigner } from '../window/window-assigner.js';
import type { KeyedStream } from './keyed-stream.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';
import type { StreamFactory } from './stream-factory.js';
import type { WindowedStream } from './windowed-stream.js';

/** A record of one of two streams that go through the same windows. */
export interface TaggedUnion<T1, T2> {
  readonly isLeft: boolean;
  readonly left?: T1 | undefined;
  readonly right?: T2 | undefined;
}

/** All records of a key in a window, of both streams; either may have none, but not both. */
export type CoGroupFunction<T1, T2, R> = (
  left: readonly T1[],
  right: readonly T2[],
  out: Collector<R>,
) => void;

/** A {@link CoGroupFunction} with a life; its state is that of the key, which no window ends. */
export interface RichCoGroupFunction<T1, T2, R> extends RichFunction<KeyedRuntimeContext> {
  coGroup(left: readonly T1[], right: readonly T2[], out: Collector<R>): void;
}

/** One of two streams that are to be brought together. */
interface PairedStream<T> {
  readonly origins: readonly StreamOrigin[];
  recordType(): TypeDescriptor<T>;
}

/** Two streams of one job that are to be brought together. */
export interface StreamPair<T1, T2> {
  readonly factory: StreamFactory;
  readonly left: PairedStream<T1>;
  readonly right: PairedStream<T2>;
}

/**
 * Two streams whose records are brought together by key and window.
 *
 * @example
 * ```ts
 * // Users who clicked on a day on which no flight left for them.
 * const stranded = clicks
 *   .coGroup(flights)
 *   .where((click) => click.user)
 *   .equalTo((flight) => flight.origin)
 *   .window(TumblingEventTimeWindows.of('1 d'))
 *   .apply<string>((clicked, flown, out) => {
 *     for (const { user } of flown.length === 0 ? clicked : []) out.collect(user);
 *   });
 * ```
 */
export class CoGroupedStreams<T1, T2> {
  readonly #pair: StreamPair<T1, T2>;

  /** Comes from a stream. */
  constructor(pair: StreamPair<T1, T2>) {
    this.#pair = pair;
  }

  /** The key of records of the first stream. */
  where<K>(keySelector: KeySelector<T1, K>): CoGroupedStreamsWhere<T1, T2, K> {
    checkSynchronous(keySelector, 'The key selector given to where');
    return new CoGroupedStreamsWhere(this.#pair, keySelector);
  }
}

/**
 * Waits for the key of the second stream.
 *
 * @example `const halfKeyed = clicks.coGroup(flights).where((click) => click.user)`
 */
export class CoGroupedStreamsWhere<T1, T2, K> {
  readonly #pair: StreamPair<T1, T2>;
  readonly #left: KeySelector<T1, K>;

  constructor(pair: StreamPair<T1, T2>, left: KeySelector<T1, K>) {
    this.#pair = pair;
    this.#left = left;
  }

  /** The key of records of the second stream. */
  equalTo(keySelector: KeySelector<T2, K>): CoGroupedStreamsEqualTo<T1, T2, K> {
    checkSynchronous(keySelector, 'The key selector given to equalTo');
    return new CoGroupedStreamsEqualTo(unitedByKey(this.#pair, this.#left, keySelector));
  }
}

/**
 * Waits for windows.
 *
 * @example `const keyed = clicks.coGroup(flights).where((click) => click.user).equalTo((flight) => flight.origin)`
 */
export class CoGroupedStreamsEqualTo<T1, T2, K> {
  readonly #united: KeyedStream<TaggedUnion<T1, T2>, K>;

  constructor(united: KeyedStream<TaggedUnion<T1, T2>, K>) {
    this.#united = united;
  }

  /** Collects the records of each key, of both streams, into windows. */
  window(assigner: WindowAssigner<TaggedUnion<T1, T2>>): WindowedCoGroup<T1, T2, K> {
    return new WindowedCoGroup(this.#united.window(assigner));
  }
}

/**
 * Two streams in windows; see {@link CoGroupedStreams}.
 *
 * @example
 * ```ts
 * const windowedBoth = clicks
 *   .coGroup(flights)
 *   .where((click) => click.user)
 *   .equalTo((flight) => flight.origin)
 *   .window(TumblingEventTimeWindows.of('1 h'))
 *   .allowedLateness('1 min');
 * ```
 */
export class WindowedCoGroup<T1, T2, K> {
  readonly #windowed: WindowedStream<TaggedUnion<T1, T2>, K>;

  constructor(windowed: WindowedStream<TaggedUnion<T1, T2>, K>) {
    this.#windowed = windowed;
  }

  /** Decides when windows fire, in place of the assigner's own trigger. */
  trigger(trigger: Trigger<TaggedUnion<T1, T2>>): WindowedCoGroup<T1, T2, K> {
    return new WindowedCoGroup(this.#windowed.trigger(trigger));
  }

  /** Takes records out of a window before or after its function sees them. */
  evictor(evictor: Evictor<TaggedUnion<T1, T2>>): WindowedCoGroup<T1, T2, K> {
    return new WindowedCoGroup(this.#windowed.evictor(evictor));
  }

  /** How long after its end a window still takes records. @throws MillraceError MR1001 if it is negative */
  allowedLateness(lateness: Duration): WindowedCoGroup<T1, T2, K> {
    return new WindowedCoGroup(this.#windowed.allowedLateness(lateness));
  }

  /** Calls the function whenever a window fires; an object with it as `coGroup` may have a life. */
  apply<R>(fn: CoGroupFunction<T1, T2, R> | RichCoGroupFunction<T1, T2, R>): SingleOutputStreamOperator<R> {
    const { fn: coGroup, life } = functionAndLife<CoGroupFunction<T1, T2, R>, KeyedRuntimeContext>(
      fn,
      'coGroup',
      'apply',
    );
    return this.#windowed.process<R>({
      ...lifeOf(life),
      process(_key, _ctx, elements, out) {
        const left: T1[] = [];
        const right: T2[] = [];
        for (const element of elements) {
          if (element.isLeft) left.push(element.left as T1);
          else right.push(element.right as T2);
        }
        const returned: unknown = coGroup(left, right, out);
        if (returned !== undefined) expectNoPromise(returned, 'The function given to apply');
      },
    });
  }
}

function unitedByKey<T1, T2, K>(
  pair: StreamPair<T1, T2>,
  leftKey: KeySelector<T1, K>,
  rightKey: KeySelector<T2, K>,
): KeyedStream<TaggedUnion<T1, T2>, K> {
  const { factory, left, right } = pair;
  const type = taggedType(left.recordType(), right.recordType());
  const tagged = <T>(origins: readonly StreamOrigin[], tag: MapFunction<T, TaggedUnion<T1, T2>>) =>
    factory.operator<TaggedUnion<T1, T2>>({
      kind: 'map',
      name: 'Map',
      operator: { kind: 'operator', factory: mapOperator(tag) },
      inputs: [origins],
      outputType: type,
    });
  return tagged<T1>(left.origins, (value) => ({ isLeft: true, left: value }))
    .union(tagged<T2>(right.origins, (value) => ({ isLeft: false, right: value })))
    .keyBy((value) => (value.isLeft ? leftKey(value.left as T1) : rightKey(value.right as T2)));
}

/** Undefined, and so undeclared, unless both are declared and can be absent. */
function taggedType(left: TypeNode, right: TypeNode): TypeNode | undefined {
  if (!canBeAbsent(left) || !canBeAbsent(right)) return undefined;
  return types.object({ isLeft: types.boolean, left: types.optional(left), right: types.optional(right) });
}

function canBeAbsent({ kind }: TypeNode): boolean {
  return kind !== 'dynamic' && kind !== 'void' && kind !== 'optional';
}
