import type { OutputTag } from '../api/output-tag.js';
import { invariant } from '../base/invariant.js';
import { MillraceError } from '../base/millrace-error.js';
import { NO_TIMESTAMP, Watermark } from '../element/watermark.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { StateNamespace } from '../state/key-context.js';
import { TimeBuffer } from '../state/time-buffer.js';
import { ElementCollector } from './element-collector.js';
import { FunctionLife } from './function-life.js';
import type { TwoKeySelectors } from './keyed-co-process-operator.js';
import { KeyedTwoInputOperator } from './keyed-two-input-operator.js';
import type { ProcessJoinContext, ProcessJoinFunction } from './process-join-function.js';
import { OperatorRuntimeContext, type RuntimeContext } from './runtime-context.js';
import { SideOutputs } from './side-outputs.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from './stream-operator.js';
import { expectNoPromise } from './synchronous.js';

type MaybeTime = number | undefined;

/** What an interval join does, as the job describes it. */
export interface IntervalJoinDescription<K, A, B, OUT> {
  readonly keys: TwoKeySelectors<A, B, K>;
  /** A pair is joined if left + lower <= right <= left + upper; ms, lower <= upper. */
  readonly lowerMs: number;
  readonly upperMs: number;
  /** Whether what found no partner is a result too. */
  readonly outer: { readonly left: boolean; readonly right: boolean };
  /** Take what comes too late; undefined: it is dropped. */
  readonly leftLateTag: OutputTag<A> | undefined;
  readonly rightLateTag: OutputTag<B> | undefined;
  /** Types of the records, asked for when the job runs. */
  readonly types: { left(): TypeDescriptor<A>; right(): TypeDescriptor<B> };
  readonly fn: ProcessJoinFunction<A | undefined, B | undefined, OUT, MaybeTime, MaybeTime>;
}

/**
 * Joins records of two keyed streams whose event times lie within an interval. Each record is kept until no
 * record that is on time can be its partner any more.
 *
 * Invariants:
 * - each pair within the interval is a result once, made by the record of it that came later;
 * - a record is late, and takes no part, if its time lies below the watermark;
 * - a record is kept under the slice of time it lies in, and so is its timer;
 * - a kept record has a timer at which it goes; in an outer join it is then a result of its own if it never
 *   had a partner, and it has none afterwards.
 */
class IntervalJoinOperator<K, A, B, OUT> extends KeyedTwoInputOperator<A, B, OUT> {
  readonly #join: IntervalJoinDescription<K, A, B, OUT>;
  readonly #left: TimeBuffer<A>;
  readonly #right: TimeBuffer<B>;
  readonly #life: FunctionLife<RuntimeContext>;
  readonly #collector: ElementCollector<OUT>;
  readonly #joinContext: JoinContext;

  constructor(
    context: ChainedOperatorContext,
    output: Output<OUT>,
    join: IntervalJoinDescription<K, A, B, OUT>,
  ) {
    super(context, output, { name: 'cleanup', namespace: StateNamespace.WINDOW });
    this.#join = join;
    const sliceMs = sliceOf(join.upperMs - join.lowerMs);
    this.#left = new TimeBuffer(this.access, 'left-buffer', join.types.left(), sliceMs);
    this.#right = new TimeBuffer(this.access, 'right-buffer', join.types.right(), sliceMs);
    this.#life = this.withPart(new FunctionLife(context, join.fn, 'a process join function'));
    this.#collector = new ElementCollector(context, output);
    this.#joinContext = new JoinContext(context, output);
  }

  override open(): void {
    this.#life.open(this.#joinContext);
  }

  processElement1(value: A, timestamp: number): void {
    const { keys, leftLateTag, lowerMs, upperMs, outer } = this.#join;
    if (!this.#isOnTime(value, timestamp, leftLateTag)) return;
    const { first } = keys;
    this.access.keys.setCurrentKey(first(value));
    const partners = this.#right.between(timestamp + lowerMs, timestamp + upperMs);
    this.#left.add(timestamp, { value, matched: partners.length > 0 });
    this.timers.registerEventTimeTimer(cleanupTime(timestamp, upperMs));
    for (const bucket of partners) {
      if (outer.right) this.#right.match(bucket);
      for (const right of bucket.values) this.#emit(value, right.value, timestamp, bucket.time);
    }
  }

  processElement2(value: B, timestamp: number): void {
    const { keys, rightLateTag, lowerMs, upperMs, outer } = this.#join;
    if (!this.#isOnTime(value, timestamp, rightLateTag)) return;
    const { second } = keys;
    this.access.keys.setCurrentKey(second(value));
    const partners = this.#left.between(timestamp - upperMs, timestamp - lowerMs);
    this.#right.add(timestamp, { value, matched: partners.length > 0 });
    this.timers.registerEventTimeTimer(cleanupTime(timestamp, -lowerMs));
    for (const bucket of partners) {
      if (outer.left) this.#left.match(bucket);
      for (const left of bucket.values) this.#emit(left.value, value, bucket.time, timestamp);
    }
  }

  /** Removes what goes at this time; one timer serves both sides. */
  onEventTime(timestamp: number): void {
    const { lowerMs, upperMs, outer } = this.#join;
    const { windowStart, windowEnd } = this.access.keys;
    const slice = { first: windowStart, last: windowEnd - 1 };
    for (const time of timesThatGo(timestamp, upperMs, this.#left, slice)) {
      for (const { value, matched } of this.#left.take(time))
        if (outer.left && !matched) this.#emit(value, undefined, time, undefined);
    }
    for (const time of timesThatGo(timestamp, -lowerMs, this.#right, slice)) {
      for (const { value, matched } of this.#right.take(time))
        if (outer.right && !matched) this.#emit(undefined, value, undefined, time);
    }
  }

  onProcessingTime(): void {
    invariant(false, 'an interval join has no processing-time timers');
  }

  #isOnTime<T>(value: T, timestamp: number, lateTag: OutputTag<T> | undefined): boolean {
    this.context.userCode.node = this.context.chainIndex;
    if (timestamp === NO_TIMESTAMP) {
      throw new MillraceError('MR5009', 'A record without a timestamp came to an interval join.', {
        hint: 'Give the source a WatermarkStrategy with withTimestampAssigner(...).',
      });
    }
    if (timestamp >= this.timers.currentWatermark()) return true;
    if (lateTag !== undefined) this.output.sideOutput(lateTag, value, timestamp);
    return false;
  }

  #emit(left: A | undefined, right: B | undefined, leftTime: MaybeTime, rightTime: MaybeTime): void {
    const joinContext = this.#joinContext;
    const timestamp = Math.max(leftTime ?? Watermark.MIN, rightTime ?? Watermark.MIN);
    joinContext.leftTimestamp = leftTime;
    joinContext.rightTimestamp = rightTime;
    joinContext.timestamp = timestamp;
    this.#collector.timestamp = timestamp;
    this.context.userCode.node = this.context.chainIndex;
    const returned: unknown = this.#join.fn.processElement(left, right, joinContext, this.#collector);
    if (returned !== undefined) expectNoPromise(returned, 'processElement of a process join function');
  }
}

/** When a record can have no partner any more that lies up to `aheadMs` after it; at the end of time at the latest. */
function cleanupTime(timestamp: number, aheadMs: number): number {
  return Math.min(Watermark.MAX, aheadMs > 0 ? timestamp + aheadMs : timestamp);
}

/** The times of records that go at `timestamp`: one, but at the end of time all that go at none before. */
function timesThatGo(
  timestamp: number,
  aheadMs: number,
  buffer: TimeBuffer<unknown>,
  slice: { readonly first: number; readonly last: number },
): number[] {
  if (timestamp < Watermark.MAX) return [timestamp - Math.max(0, aheadMs)];
  const times = buffer.between(slice.first, slice.last).map(({ time }) => time);
  return times.filter((time) => cleanupTime(time, aheadMs) === Watermark.MAX);
}

/** Length of the slices in which records are kept: an interval touches two of them at most. */
function sliceOf(widthMs: number): number {
  let sliceMs = 1;
  while (sliceMs <= widthMs) sliceMs *= 2;
  return sliceMs;
}

class JoinContext extends OperatorRuntimeContext implements ProcessJoinContext<MaybeTime, MaybeTime> {
  leftTimestamp: MaybeTime;
  rightTimestamp: MaybeTime;
  timestamp: number;
  readonly #sideOutputs: SideOutputs;

  constructor(context: ChainedOperatorContext, output: Output<never>) {
    super(context);
    this.leftTimestamp = undefined;
    this.rightTimestamp = undefined;
    this.timestamp = NO_TIMESTAMP;
    this.#sideOutputs = new SideOutputs(context, output);
  }

  output<X>(tag: OutputTag<X>, value: X): void {
    this.#sideOutputs.send(tag, value, this.timestamp);
  }
}

export function intervalJoinOperator<K, A, B, OUT>(
  join: IntervalJoinDescription<K, A, B, OUT>,
): OperatorFactory {
  return {
    needsKeyedState: true,
    create: (context, output) => new IntervalJoinOperator(context, output as Output<OUT>, join),
  };
}
