import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { type IntervalJoinDescription, intervalJoinOperator } from '../operator/interval-join-operator.js';
import type { ProcessJoinFunction } from '../operator/process-join-function.js';
import { LIFE_METHODS } from '../operator/rich-function.js';
import { checkFunctionObject } from '../operator/synchronous.js';
import { checkOutputTag } from '../operator/tag-check.js';
import type { ConnectedInputs } from './connected-streams.js';
import type { OutputTag } from './output-tag.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';

type JoinStreams<K, A, B> = { readonly inputs: ConnectedInputs } & Pick<
  IntervalJoinDescription<K, A, B, unknown>,
  'keys' | 'types'
>;

type JoinSettings<A, B> = Pick<
  IntervalJoinDescription<unknown, A, B, unknown>,
  'lowerMs' | 'upperMs' | 'outer' | 'leftLateTag' | 'rightLateTag'
>;

/**
 * Two keyed streams that are to be joined by event time.
 *
 * @example
 * ```ts
 * const near = flights
 *   .keyBy((flight) => flight.origin)
 *   .intervalJoin(clicks.keyBy((click) => click.user))
 *   .between('-1 min', '1 min');
 * ```
 */
export class IntervalJoin<A, B, K> {
  readonly #streams: JoinStreams<K, A, B>;

  constructor(streams: JoinStreams<K, A, B>) {
    this.#streams = streams;
  }

  /**
   * Joins a left record with the right ones from `lower` before or after it (negative is before) to `upper`,
   * both included. How far they lie apart is fixed by the first checkpoint, up to the next power of two.
   *
   * @throws MillraceError MR1001 if `lower` is greater than `upper`
   */
  between(lower: Duration, upper: Duration): IntervalJoined<A, B, K, A, B, number, number> {
    const lowerMs = durationMs(lower, 'lower bound');
    const upperMs = durationMs(upper, 'upper bound');
    checkBounds(lowerMs, upperMs);
    const outer = { left: false, right: false };
    const settings = { lowerMs, upperMs, outer, leftLateTag: undefined, rightLateTag: undefined };
    return new IntervalJoined(this.#streams, settings);
  }
}

/**
 * An interval join of streams of A and B, as it stands: `process` makes an operator of it. Records below the
 * watermark are late: they are dropped, or go to a side output.
 *
 * @example
 * ```ts
 * const shown = impressions
 *   .keyBy((impression) => impression.id)
 *   .intervalJoin(clicks.keyBy((click) => click.impression))
 *   .between(0, '10 min')
 *   .leftOuter()
 *   .process<{ id: string; clicked: boolean }>({
 *     processElement: ({ id }, click, _ctx, out) => out.collect({ id, clicked: click !== undefined }),
 *   })
 *   .uid('shown');
 * ```
 */
export class IntervalJoined<A, B, K, L, R, LT, RT> {
  readonly #streams: JoinStreams<K, A, B>;
  readonly #settings: JoinSettings<A, B>;

  constructor(streams: JoinStreams<K, A, B>, settings: JoinSettings<A, B>) {
    this.#streams = streams;
    this.#settings = settings;
  }

  /** The lower bound itself does not join any more. */
  lowerBoundExclusive(): IntervalJoined<A, B, K, L, R, LT, RT> {
    return this.#with({ lowerMs: this.#settings.lowerMs + 1 });
  }

  /** The upper bound itself does not join any more. */
  upperBoundExclusive(): IntervalJoined<A, B, K, L, R, LT, RT> {
    return this.#with({ upperMs: this.#settings.upperMs - 1 });
  }

  /** Left records that come too late go to this side output of the result. */
  sideOutputLeftLateData(tag: OutputTag<A>): IntervalJoined<A, B, K, L, R, LT, RT> {
    checkOutputTag(tag);
    return this.#with({ leftLateTag: tag });
  }

  /** Right records that come too late go to this side output of the result. */
  sideOutputRightLateData(tag: OutputTag<B>): IntervalJoined<A, B, K, L, R, LT, RT> {
    checkOutputTag(tag);
    return this.#with({ rightLateTag: tag });
  }

  /** Left records without partner are given out too, with undefined beside them, once none can come. */
  leftOuter(): IntervalJoined<A, B, K, A, B | undefined, number, number | undefined> {
    return this.#with({ outer: { left: true, right: false } });
  }

  /** Right records without partner are given out too, with undefined beside them, once none can come. */
  rightOuter(): IntervalJoined<A, B, K, A | undefined, B, number | undefined, number> {
    return this.#with({ outer: { left: false, right: true } });
  }

  /** Records of either side without partner are given out too. */
  fullOuter(): IntervalJoined<A, B, K, A | undefined, B | undefined, number | undefined, number | undefined> {
    return this.#with({ outer: { left: true, right: true } });
  }

  /** @throws MillraceError MR1001 if exclusive bounds leave nothing between them */
  process<OUT>(fn: ProcessJoinFunction<L, R, OUT, LT, RT>): SingleOutputStreamOperator<OUT> {
    checkFunctionObject(fn, 'The process join function', ['processElement'], LIFE_METHODS);
    checkBounds(this.#settings.lowerMs, this.#settings.upperMs);
    const { inputs, keys, types } = this.#streams;
    // Which of the two may be undefined is known to the compiler alone.
    const anyPair = fn as unknown as IntervalJoinDescription<K, A, B, OUT>['fn'];
    const factory = intervalJoinOperator({ ...this.#settings, keys, types, fn: anyPair });
    return inputs.factory.operator({
      kind: 'interval-join',
      name: 'Interval Join',
      operator: { kind: 'operator', factory },
      inputs: [inputs.first, inputs.second],
      outputType: undefined,
      isStateful: true,
      needsWatermarks: true,
    });
  }

  #with<L2, R2, LT2, RT2>(changed: Partial<JoinSettings<A, B>>): IntervalJoined<A, B, K, L2, R2, LT2, RT2> {
    return new IntervalJoined(this.#streams, { ...this.#settings, ...changed });
  }
}

function checkBounds(lowerMs: number, upperMs: number): void {
  if (lowerMs <= upperMs) return;
  throw new MillraceError(
    'MR1001',
    `The lower bound of an interval join is ${lowerMs} ms, and the upper one ${upperMs} ms.`,
    { hint: 'The lower bound comes first, and is not above the upper one: between(-2, 1).' },
  );
}
