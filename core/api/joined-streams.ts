import type { Duration } from '../base/duration.js';
import type { Collector } from '../operator/collector.js';
import type { KeySelector } from '../operator/functions.js';
import type { KeyedRuntimeContext } from '../operator/keyed-process-function.js';
import { functionAndLife, lifeOf, type RichFunction } from '../operator/rich-function.js';
import { refusePromise } from '../state/aggregate-function.js';
import type { Evictor } from '../window/evictor.js';
import type { Trigger } from '../window/trigger.js';
import type { WindowAssigner } from '../window/window-assigner.js';
import {
  CoGroupedStreams,
  type CoGroupedStreamsEqualTo,
  type CoGroupedStreamsWhere,
  type StreamPair,
  type TaggedUnion,
  type WindowedCoGroup,
} from './co-grouped-streams.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';

/** What a function returns that hands its results to a collector. */
type Nothing = ReturnType<Collector<unknown>['collect']>;

/**
 * Makes results of a pair of records. What it returns is the result; a function that declares a third parameter
 * hands any number of them to that instead.
 */
export type JoinFunction<T1, T2, R> = (left: T1, right: T2, out: Collector<R>) => R | Nothing;

/** A {@link JoinFunction} with a life; its state is that of the key, which no window ends. */
export interface RichJoinFunction<T1, T2, R> extends RichFunction<KeyedRuntimeContext> {
  join(left: T1, right: T2, out: Collector<R>): R | Nothing;
}

/**
 * Two streams of which each pair of records that share key and window is joined.
 *
 * @example
 * ```ts
 * const waited = clicks
 *   .join(flights)
 *   .where((click) => click.user)
 *   .equalTo((flight) => flight.origin)
 *   .window(TumblingEventTimeWindows.of('1 min'))
 *   .apply((click, flight) => ({ user: click.user, delay: flight.delay }));
 * ```
 */
export class JoinedStreams<T1, T2> {
  readonly #streams: CoGroupedStreams<T1, T2>;

  /** Comes from a stream. */
  constructor(pair: StreamPair<T1, T2>) {
    this.#streams = new CoGroupedStreams(pair);
  }

  /** The key of records of the first stream. */
  where<K>(keySelector: KeySelector<T1, K>): JoinedStreamsWhere<T1, T2, K> {
    return new JoinedStreamsWhere(this.#streams.where(keySelector));
  }
}

/**
 * Waits for the key of the second stream.
 *
 * @example `const halfKeyed = clicks.join(flights).where((click) => click.user)`
 */
export class JoinedStreamsWhere<T1, T2, K> {
  readonly #where: CoGroupedStreamsWhere<T1, T2, K>;

  constructor(where: CoGroupedStreamsWhere<T1, T2, K>) {
    this.#where = where;
  }

  /** The key of records of the second stream. */
  equalTo(keySelector: KeySelector<T2, K>): JoinedStreamsEqualTo<T1, T2, K> {
    return new JoinedStreamsEqualTo(this.#where.equalTo(keySelector));
  }
}

/**
 * Waits for windows.
 *
 * @example `const keyed = clicks.join(flights).where((click) => click.user).equalTo((flight) => flight.origin)`
 */
export class JoinedStreamsEqualTo<T1, T2, K> {
  readonly #equalTo: CoGroupedStreamsEqualTo<T1, T2, K>;

  constructor(equalTo: CoGroupedStreamsEqualTo<T1, T2, K>) {
    this.#equalTo = equalTo;
  }

  /** Collects the records of each key, of both streams, into windows. */
  window(assigner: WindowAssigner<TaggedUnion<T1, T2>>): WindowedJoin<T1, T2, K> {
    return new WindowedJoin(this.#equalTo.window(assigner));
  }
}

/**
 * Two streams in windows; see {@link JoinedStreams}.
 *
 * @example
 * ```ts
 * const windowedBoth = clicks
 *   .join(flights)
 *   .where((click) => click.user)
 *   .equalTo((flight) => flight.origin)
 *   .window(TumblingEventTimeWindows.of('1 h'))
 *   .allowedLateness('1 min');
 * ```
 */
export class WindowedJoin<T1, T2, K> {
  readonly #windowed: WindowedCoGroup<T1, T2, K>;

  constructor(windowed: WindowedCoGroup<T1, T2, K>) {
    this.#windowed = windowed;
  }

  /** Decides when windows fire, in place of the assigner's own trigger. */
  trigger(trigger: Trigger<TaggedUnion<T1, T2>>): WindowedJoin<T1, T2, K> {
    return new WindowedJoin(this.#windowed.trigger(trigger));
  }

  /** Takes records out of a window before or after they are joined. */
  evictor(evictor: Evictor<TaggedUnion<T1, T2>>): WindowedJoin<T1, T2, K> {
    return new WindowedJoin(this.#windowed.evictor(evictor));
  }

  /** How long after its end a window still takes records. @throws MillraceError MR1001 if it is negative */
  allowedLateness(lateness: Duration): WindowedJoin<T1, T2, K> {
    return new WindowedJoin(this.#windowed.allowedLateness(lateness));
  }

  /**
   * Calls the function for every pair of a window that fires; see {@link JoinFunction}.
   * An object with it as `join` may have a life.
   *
   * @example
   * ```ts
   * const both = clicks.join(flights).where((c) => c.user).equalTo((f) => f.origin);
   * const windowedBoth = both.window(TumblingEventTimeWindows.of('1 h'));
   * const pairs = windowedBoth.apply((click, flight) => ({ user: click.user, delay: flight.delay }));
   * const delayed = windowedBoth.apply<string>((click, flight, out) => {
   *   if (flight.delay > 0) out.collect(click.user);
   * });
   * ```
   */
  apply<R>(fn: JoinFunction<T1, T2, R> | RichJoinFunction<T1, T2, R>): SingleOutputStreamOperator<R> {
    const { fn: join, life } = functionAndLife<JoinFunction<T1, T2, R>, KeyedRuntimeContext>(
      fn,
      'join',
      'apply',
    );
    const collects = join.length > 2;
    return this.#windowed.apply<R>({
      ...lifeOf(life),
      coGroup(lefts, rights, out) {
        for (const left of lefts) {
          for (const right of rights) {
            const result = refusePromise(join(left, right, out), 'The function given to apply');
            if (!collects) out.collect(result as R);
          }
        }
      },
    });
  }
}
