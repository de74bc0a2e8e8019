// hot path: the windows bench
import type { OutputTag } from '../api/output-tag.js';
import { MillraceError } from '../base/millrace-error.js';
import { murmur3 } from '../base/murmur3.js';
import { encodeUtf8 } from '../base/utf8.js';
import { NO_TIMESTAMP, Watermark } from '../element/watermark.js';
import { AbstractTimerOperator } from '../operator/abstract-timer-operator.js';
import { ElementCollector } from '../operator/element-collector.js';
import type { KeySelector } from '../operator/functions.js';
import type { ChainedOperatorContext, Output } from '../operator/stream-operator.js';
import type { Counter } from '../ports/metrics.js';
import type { AggregatingState } from '../state/aggregating-state.js';
import { StateNamespace } from '../state/key-context.js';
import type { ListState } from '../state/list-state.js';
import type { MapState } from '../state/map-state.js';
import type { ReducingState } from '../state/reducing-state.js';
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../state/state-descriptor.js';
import type { ValueState } from '../state/value-state.js';
import type { EvictorContext } from './evictor.js';
import { windowOf } from './global-window.js';
import { cleanupTime, type TimeWindow } from './time-window.js';
import { type Trigger, type TriggerContext, TriggerResult } from './trigger.js';
import { TriggerStates } from './trigger-states.js';
import type { WindowAssigner, WindowAssignerContext } from './window-assigner.js';
import type { WindowContents, WindowContentsFactory } from './window-contents.js';
import type { WindowFunction } from './window-function.js';

/** What a window operator does, as the job describes it. */
export interface WindowDescription<K, IN, ACC, CONTENTS, OUT> {
  readonly keySelector: KeySelector<IN, K>;
  readonly assigner: WindowAssigner<IN>;
  /** Undefined: the assigner's own. */
  readonly trigger: Trigger<IN> | undefined;
  /** Time for which a window takes records after it has ended, ms. */
  readonly allowedLatenessMs: number;
  /** Takes the records that are later than that; undefined: they are counted and dropped. */
  readonly lateTag: OutputTag<IN> | undefined;
  readonly contents: WindowContentsFactory<IN, ACC, CONTENTS>;
  /** A fresh one for each subtask. */
  windowFunction(): WindowFunction<CONTENTS, OUT>;
}

/**
 * What window operators have in common: lateness, firing, cleaning up, and what triggers, assigners and
 * evictors may ask.
 *
 * Invariants:
 * - a window that holds something has a timer at its cleanup time (unless that is never), at which contents,
 *   trigger and function let go of it;
 * - a record is dropped as late only if all its windows have gone, and then counted or sent to `lateTag`;
 * - results have the timestamp `window.maxTimestamp`, and come before the watermark that fired them;
 * - while a trigger or a window function is called, its window is current.
 */
export abstract class AbstractWindowOperator<K, IN, ACC, CONTENTS, OUT>
  extends AbstractTimerOperator<K, IN, OUT>
  implements TriggerContext, WindowAssignerContext, EvictorContext
{
  isFirstElement: boolean;
  readonly staggerShare: number;
  protected readonly assigner: WindowAssigner<IN>;
  protected readonly isEventTime: boolean;
  protected readonly trigger: Trigger<IN>;
  protected readonly triggerStates: TriggerStates;
  protected readonly contents: WindowContents<IN, ACC, CONTENTS>;
  protected readonly windowFunction: WindowFunction<CONTENTS, OUT>;
  protected readonly collector: ElementCollector<OUT>;
  /** 0 in processing time, where nothing is late. */
  protected readonly allowedLatenessMs: number;
  private readonly lateTag: OutputTag<IN> | undefined;
  private readonly lateRecordsDropped: Counter;

  constructor(
    context: ChainedOperatorContext,
    output: Output<OUT>,
    description: WindowDescription<K, IN, ACC, CONTENTS, OUT>,
  ) {
    const timers = { name: 'window-timers', namespace: StateNamespace.WINDOW };
    super(context, output, description.keySelector, timers);
    const { assigner } = description;
    this.isFirstElement = false;
    this.staggerShare = shareOf(`${context.uid}/${context.subtaskIndex}`);
    this.assigner = assigner;
    this.isEventTime = assigner.isEventTime();
    this.trigger = description.trigger ?? assigner.getDefaultTrigger();
    this.triggerStates = new TriggerStates(this.access);
    this.contents = description.contents.create(this.access);
    this.windowFunction = this.withPart(description.windowFunction());
    this.collector = new ElementCollector(context, output);
    this.allowedLatenessMs = this.isEventTime ? description.allowedLatenessMs : 0;
    this.lateTag = description.lateTag;
    this.lateRecordsDropped = context.metrics.counter('numLateRecordsDropped');
  }

  override open(): void {
    const { context, output, access, timers } = this;
    this.trigger.open?.(this);
    this.windowFunction.open({ context, output, access, time: timers, hasWindowState: !this.merges });
  }

  /** Whether windows become others while they live. */
  protected abstract readonly merges: boolean;

  currentWatermark(): number {
    return this.timers.currentWatermark();
  }

  currentProcessingTime(): number {
    return this.timers.currentProcessingTime();
  }

  registerEventTimeTimer(time: number): void {
    this.timers.registerEventTimeTimer(time);
  }

  deleteEventTimeTimer(time: number): void {
    this.timers.deleteEventTimeTimer(time);
  }

  registerProcessingTimeTimer(time: number): void {
    this.timers.registerProcessingTimeTimer(time);
  }

  deleteProcessingTimeTimer(time: number): void {
    this.timers.deleteProcessingTimeTimer(time);
  }

  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T> {
    return this.triggerStates.of(descriptor, (d, namespace) => this.access.getState<T>(d, namespace));
  }

  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.triggerStates.of(descriptor, (d, namespace) => this.access.getListState<T>(d, namespace));
  }

  getMapState<MK, V>(descriptor: MapStateDescriptor<MK, V>): MapState<MK, V> {
    return this.triggerStates.of(descriptor, (d, namespace) => this.access.getMapState<MK, V>(d, namespace));
  }

  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T> {
    return this.triggerStates.of(descriptor, (d, namespace) => this.access.getReducingState<T>(d, namespace));
  }

  getAggregatingState<I, A, O>(descriptor: AggregatingStateDescriptor<I, A, O>): AggregatingState<I, O> {
    const make = (d: AggregatingStateDescriptor<I, A, O>, namespace: StateNamespace) =>
      this.access.getAggregatingState<I, A, O>(d, namespace);
    return this.triggerStates.of(descriptor, make);
  }

  /** Makes the record's key current. */
  protected setKeyOf(value: IN, timestamp: number): void {
    const { keySelector } = this;
    if (timestamp === NO_TIMESTAMP && this.isEventTime) this.refuseWithoutTimestamp();
    this.context.userCode.node = this.context.chainIndex;
    this.access.keys.setCurrentKey(keySelector(value));
  }

  /** Emits a result of what the window holds, if it holds something. */
  protected emit(window: TimeWindow, accumulator: ACC | undefined): void {
    if (accumulator === undefined) return;
    const { contents } = this;
    this.context.userCode.node = this.context.chainIndex;
    const { eviction } = contents;
    eviction?.before(accumulator, window, this);
    const result = contents.result(accumulator);
    if (result !== undefined) {
      this.collector.timestamp = window.maxTimestamp;
      this.windowFunction.emit(window, result, this.collector);
    }
    if (eviction === undefined) return;
    this.context.userCode.node = this.context.chainIndex;
    eviction.after(accumulator, window, this);
    contents.set(accumulator);
  }

  protected registerCleanup(window: TimeWindow): void {
    const time = cleanupTime(window, this.allowedLatenessMs);
    if (time >= Watermark.MAX) return;
    if (this.isEventTime) this.timers.registerEventTimeTimer(time);
    else this.timers.registerProcessingTimeTimer(time);
  }

  protected deleteCleanup(window: TimeWindow): void {
    const time = cleanupTime(window, this.allowedLatenessMs);
    if (time >= Watermark.MAX) return;
    if (this.isEventTime) this.timers.deleteEventTimeTimer(time);
    else this.timers.deleteProcessingTimeTimer(time);
  }

  protected isCleanupTime(window: TimeWindow, time: number): boolean {
    return time === cleanupTime(window, this.allowedLatenessMs);
  }

  protected isWindowLate(window: TimeWindow): boolean {
    return this.isEventTime && cleanupTime(window, this.allowedLatenessMs) <= this.timers.currentWatermark();
  }

  /** None of its windows took the record. */
  protected dropIfLate(value: IN, timestamp: number): void {
    if (!this.isEventTime || timestamp + this.allowedLatenessMs > this.timers.currentWatermark()) return;
    const { lateTag } = this;
    if (lateTag === undefined) this.lateRecordsDropped.add(1);
    else this.output.sideOutput(lateTag, value, timestamp);
  }

  protected currentWindow(): TimeWindow {
    const { keys } = this.access;
    return windowOf(keys.windowStart, keys.windowEnd);
  }

  /** What the trigger says at a timer of the current window. */
  protected triggerAt(isEventTime: boolean, time: number, window: TimeWindow): TriggerResult {
    const { trigger } = this;
    this.context.userCode.node = this.context.chainIndex;
    const result = isEventTime
      ? trigger.onEventTime?.(time, window, this)
      : trigger.onProcessingTime?.(time, window, this);
    return result ?? TriggerResult.CONTINUE;
  }

  /** Trigger and function let go of the current window. */
  protected clearTriggerAndFunction(window: TimeWindow): void {
    this.context.userCode.node = this.context.chainIndex;
    this.trigger.clear?.(window, this);
    this.windowFunction.clear(window);
  }

  private refuseWithoutTimestamp(): never {
    throw new MillraceError('MR5009', 'A record without a timestamp came to an event-time window.', {
      where: { operator: this.context.operatorName, uid: this.context.uid },
      hint: 'Give the WatermarkStrategy a timestamp assigner: .withTimestampAssigner((value) => value.time).',
    });
  }
}

/** In [0, 1), evenly spread over all names. */
function shareOf(name: string): number {
  const bytes = encodeUtf8(name);
  return murmur3(bytes, 0, bytes.length) / 0x1_0000_0000;
}
