// hot path: the window bench
import type { OutputTag } from '../api/output-tag.js';
import { MillraceError } from '../base/millrace-error.js';
import { NO_TIMESTAMP, Watermark } from '../element/watermark.js';
import { AbstractTimerOperator } from '../operator/abstract-timer-operator.js';
import { ElementCollector } from '../operator/element-collector.js';
import type { KeySelector } from '../operator/functions.js';
import type { ChainedOperatorContext, OperatorFactory, Output } from '../operator/stream-operator.js';
import type { Counter } from '../ports/metrics.js';
import { StateNamespace } from '../state/key-context.js';
import { cleanupTime, TimeWindow } from './time-window.js';
import { type Trigger, type TriggerContext, TriggerResult } from './trigger.js';
import type { WindowAssigner } from './window-assigner.js';
import type { WindowContents, WindowContentsFactory } from './window-contents.js';
import type { WindowFunction } from './window-function.js';

/** What a window operator does, as the job describes it. */
export interface WindowDescription<K, IN, CONTENTS, OUT> {
  readonly keySelector: KeySelector<IN, K>;
  readonly assigner: WindowAssigner;
  readonly trigger: Trigger;
  /** Time for which a window takes records after it has ended, ms. */
  readonly allowedLatenessMs: number;
  /** Takes the records that are later than that; undefined: they are counted and dropped. */
  readonly lateTag: OutputTag<IN> | undefined;
  readonly contents: WindowContentsFactory<IN, CONTENTS>;
  /** A fresh one for each subtask. */
  windowFunction(): WindowFunction<CONTENTS, OUT>;
}

/**
 * Collects the records of each key into windows, and emits what they hold when their trigger fires.
 *
 * Invariants:
 * - a window that holds something has a timer at its cleanup time (unless that is never), at which contents,
 *   trigger timers and the function's state go;
 * - a record is dropped as late only if all its windows have gone, and then counted or sent to `lateTag`;
 * - results have the timestamp `window.maxTimestamp`, and come before the watermark that fired them.
 */
class WindowOperator<K, IN, CONTENTS, OUT>
  extends AbstractTimerOperator<K, IN, OUT>
  implements TriggerContext
{
  isFirstElement: boolean;
  private readonly assigner: WindowAssigner;
  private readonly trigger: Trigger;
  private readonly allowedLatenessMs: number;
  private readonly lateTag: OutputTag<IN> | undefined;
  private readonly contents: WindowContents<IN, CONTENTS>;
  private readonly windowFunction: WindowFunction<CONTENTS, OUT>;
  private readonly collector: ElementCollector<OUT>;
  private readonly lateRecordsDropped: Counter;

  constructor(
    context: ChainedOperatorContext,
    output: Output<OUT>,
    description: WindowDescription<K, IN, CONTENTS, OUT>,
  ) {
    const timers = { name: 'window-timers', namespace: StateNamespace.WINDOW };
    super(context, output, description.keySelector, timers);
    this.isFirstElement = false;
    this.assigner = description.assigner;
    this.trigger = description.trigger;
    this.allowedLatenessMs = description.allowedLatenessMs;
    this.lateTag = description.lateTag;
    this.contents = description.contents(this.access);
    this.windowFunction = description.windowFunction();
    this.collector = new ElementCollector(context, output);
    this.lateRecordsDropped = context.metrics.counter('numLateRecordsDropped');
  }

  override open(): void {
    this.context.userCode.node = this.context.chainIndex;
    const { context, output, access, timers } = this;
    this.windowFunction.open({ context, output, access, time: timers });
  }

  processElement(value: IN, timestamp: number): void {
    const { keySelector, access } = this;
    if (timestamp === NO_TIMESTAMP) this.refuseWithoutTimestamp();
    this.context.userCode.node = this.context.chainIndex;
    access.keys.setCurrentKey(keySelector(value));
    const windows = this.assigner.assignWindows(timestamp);
    let isLate = true;
    for (let i = 0; i < windows.length; i++) {
      const window = windows[i];
      if (window === undefined || this.isWindowLate(window)) continue;
      isLate = false;
      this.addTo(window, value, timestamp);
    }
    if (isLate && this.isElementLate(timestamp)) this.dropLate(value, timestamp);
  }

  onEventTime(timestamp: number): void {
    const window = this.currentWindow();
    this.obey(this.trigger.onEventTime(timestamp, window, this), window);
    if (this.assigner.isEventTime && timestamp === cleanupTime(window, this.allowedLatenessMs))
      this.clear(window);
  }

  onProcessingTime(timestamp: number): void {
    const window = this.currentWindow();
    this.obey(this.trigger.onProcessingTime(timestamp, window, this), window);
    if (!this.assigner.isEventTime && timestamp === window.maxTimestamp) this.clear(window);
  }

  override close(): void {
    this.context.userCode.node = this.context.chainIndex;
    this.windowFunction.close();
  }

  get currentWatermark(): number {
    return this.timers.currentWatermark();
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

  private addTo(window: TimeWindow, value: IN, timestamp: number): void {
    this.access.keys.setWindow(window.start, window.end);
    const wasEmpty = this.contents.add(value);
    // A window that takes late records may hold something and yet have no timer left: it is asked anew.
    this.isFirstElement = wasEmpty || this.allowedLatenessMs > 0;
    this.obey(this.trigger.onElement(timestamp, window, this), window);
    if (this.isFirstElement) this.registerCleanup(window);
  }

  private obey(result: TriggerResult, window: TimeWindow): void {
    if (result === TriggerResult.CONTINUE) return;
    if ((result & TriggerResult.FIRE) !== 0) this.emit(window);
    if ((result & TriggerResult.PURGE) !== 0) this.contents.clear();
  }

  private emit(window: TimeWindow): void {
    this.context.userCode.node = this.context.chainIndex;
    const contents = this.contents.get();
    if (contents === undefined) return;
    this.collector.timestamp = window.maxTimestamp;
    this.windowFunction.emit(window, contents, this.collector);
  }

  private registerCleanup(window: TimeWindow): void {
    if (!this.assigner.isEventTime) {
      this.timers.registerProcessingTimeTimer(window.maxTimestamp);
      return;
    }
    const time = cleanupTime(window, this.allowedLatenessMs);
    if (time < Watermark.MAX) this.timers.registerEventTimeTimer(time);
  }

  private clear(window: TimeWindow): void {
    this.contents.clear();
    this.trigger.clear(window, this);
    this.context.userCode.node = this.context.chainIndex;
    this.windowFunction.clear(window);
  }

  private isWindowLate(window: TimeWindow): boolean {
    if (!this.assigner.isEventTime) return false;
    return cleanupTime(window, this.allowedLatenessMs) <= this.timers.currentWatermark();
  }

  private isElementLate(timestamp: number): boolean {
    return this.assigner.isEventTime && timestamp + this.allowedLatenessMs <= this.timers.currentWatermark();
  }

  private dropLate(value: IN, timestamp: number): void {
    const lateTag = this.lateTag;
    if (lateTag === undefined) this.lateRecordsDropped.add(1);
    else this.output.sideOutput(lateTag, value, timestamp);
  }

  private currentWindow(): TimeWindow {
    const { keys } = this.access;
    return new TimeWindow(keys.windowStart, keys.windowEnd);
  }

  private refuseWithoutTimestamp(): never {
    throw new MillraceError('MR5009', 'A record without a timestamp came to an event-time window.', {
      where: { operator: this.context.operatorName, uid: this.context.uid },
      hint: 'Give the WatermarkStrategy a timestamp assigner: .withTimestampAssigner((value) => value.time).',
    });
  }
}

export function windowOperator<K, IN, CONTENTS, OUT>(
  description: WindowDescription<K, IN, CONTENTS, OUT>,
): OperatorFactory {
  return {
    needsKeyedState: true,
    create: (context, output) => new WindowOperator(context, output as Output<OUT>, description),
  };
}
