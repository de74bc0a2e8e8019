// hot path: the windows bench
import { MillraceError } from '../base/millrace-error.js';
import { greatestRestoredWatermark } from '../operator/current-watermark.js';
import type { ChainedOperatorContext, Output } from '../operator/stream-operator.js';
import { AbstractWindowOperator, type WindowDescription } from './abstract-window-operator.js';
import { EventTimeTrigger } from './event-time-trigger.js';
import { type MergeListener, MergingWindowSet } from './merging-window-set.js';
import { PurgingTrigger } from './purging-trigger.js';
import { cleanupTime, TimeWindow } from './time-window.js';
import {
  type MergeableStateDescriptor,
  type OnMergeContext,
  type Trigger,
  TriggerResult,
} from './trigger.js';
import type { MergingWindowAssigner } from './window-assigner.js';

/**
 * Collects the records of each key into windows that grow together, as sessions do. Contents are kept under a
 * window of the set's choice; trigger state and timers are those of the window as it is.
 *
 * Where {@link EventTimeTrigger} alone fires sessions, timers are left where they are while a session grows at
 * its end: one that comes finds the session that has outgrown it, and sets the next. So a record that keeps
 * its session alive moves no timer.
 *
 * Invariants:
 * - every window of the set has a timer, of its own or of one that it has absorbed, at or before its end while
 *   that is to come, and at or before its cleanup time;
 * - a timer of an absorbed window is earlier than the same timer of the window that absorbed it;
 * - the set is in state again when a call of the operator returns.
 */
export class MergingWindowOperator<K, IN, ACC, CONTENTS, OUT>
  extends AbstractWindowOperator<K, IN, ACC, CONTENTS, OUT>
  implements MergeListener, OnMergeContext
{
  protected readonly merges = true;
  private readonly set: MergingWindowSet;
  /** Whether timers are left behind by windows that grow. */
  private readonly leavesTimers: boolean;
  /** Event time of any former subtask: up to there a timer that should be there may have fired. */
  private readonly restoredWatermark: number;
  /** The windows that became the present one, while `onMerge` of the trigger runs. */
  private mergedWindows: readonly TimeWindow[];
  /** Whether the window that takes the present element has its timers, or one that will set them. */
  private hasFireTimer: boolean;
  private hasCleanupTimer: boolean;

  constructor(
    context: ChainedOperatorContext,
    output: Output<OUT>,
    description: WindowDescription<K, IN, ACC, CONTENTS, OUT>,
    assigner: MergingWindowAssigner<IN>,
  ) {
    super(context, output, description);
    const mergeWindows: MergingWindowAssigner['mergeWindows'] =
      assigner.mergeWindows === TimeWindow.mergeWindows
        ? TimeWindow.mergeWindows
        : (windows, merge) => assigner.mergeWindows(windows, merge);
    this.set = new MergingWindowSet(this.access, mergeWindows, this);
    this.leavesTimers =
      this.isEventTime && mergeWindows === TimeWindow.mergeWindows && firesAtEndOnly(this.trigger);
    this.restoredWatermark = greatestRestoredWatermark(context);
    this.mergedWindows = [];
    this.hasFireTimer = true;
    this.hasCleanupTimer = true;
  }

  processElement(value: IN, timestamp: number): void {
    this.setKeyOf(value, timestamp);
    const windows = this.assigner.assignWindows(value, timestamp, this);
    this.set.load();
    let isLate = true;
    for (let i = 0; i < windows.length; i++) {
      const window = windows[i];
      if (window !== undefined && this.addTo(window, value, timestamp)) isLate = false;
    }
    this.set.persist();
    if (isLate) this.dropIfLate(value, timestamp);
  }

  onEventTime(timestamp: number): void {
    this.onTimer(true, timestamp);
  }

  onProcessingTime(timestamp: number): void {
    this.onTimer(false, timestamp);
  }

  onInserted(): void {
    this.hasFireTimer = false;
    this.hasCleanupTimer = false;
  }

  onMerged(
    result: TimeWindow,
    merged: readonly TimeWindow[],
    state: TimeWindow,
    mergedStates: readonly TimeWindow[],
  ): void {
    this.refuseEnded(result);
    this.context.userCode.node = this.context.chainIndex;
    if (this.leavesTimers) this.leaveTimers(result, merged);
    else this.mergeTrigger(result, merged);
    this.mergeContents(state, mergedStates);
  }

  mergePartitionedState<T, A, O>(descriptor: MergeableStateDescriptor<T, A, O>): void {
    this.triggerStates.merge(descriptor, this.mergedWindows, this.currentWindow());
  }

  /** False if the window, merged with those it meets, is late. */
  private addTo(window: TimeWindow, value: IN, timestamp: number): boolean {
    const { set } = this;
    const { keys } = this.access;
    this.hasFireTimer = true;
    this.hasCleanupTimer = true;
    const { window: actual, state } = set.add(window);
    if (this.isWindowLate(actual)) {
      set.retire(actual);
      return false;
    }
    keys.setWindow(state.start, state.end);
    this.context.userCode.node = this.context.chainIndex;
    const wasEmpty = this.contents.add(value, timestamp);
    keys.setWindow(actual.start, actual.end);
    const mayHaveFired = this.isEventTime && actual.maxTimestamp <= this.restoredWatermark;
    this.isFirstElement = mayHaveFired || (this.leavesTimers ? !this.hasFireTimer : wasEmpty);
    this.obey(this.trigger.onElement(value, timestamp, actual, this), actual, state);
    if (!this.hasCleanupTimer) this.registerCleanup(actual);
    return true;
  }

  private onTimer(isEventTime: boolean, timestamp: number): void {
    const window = this.currentWindow();
    const { set } = this;
    set.load();
    const state = set.stateWindowOf(window);
    if (state === undefined) {
      if (this.leavesTimers) this.followWindow(window, timestamp);
      return;
    }
    this.obey(this.triggerAt(isEventTime, timestamp, window), window, state);
    if (isEventTime === this.isEventTime && this.isCleanupTime(window, timestamp)) this.clear(window, state);
    set.persist();
  }

  private obey(result: TriggerResult, window: TimeWindow, state: TimeWindow): void {
    if (result === TriggerResult.CONTINUE) return;
    const { keys } = this.access;
    keys.setWindow(state.start, state.end);
    if ((result & TriggerResult.FIRE) !== 0) this.emit(window, this.contents.accumulator());
    if ((result & TriggerResult.PURGE) !== 0) this.contents.clear();
    keys.setWindow(window.start, window.end);
  }

  private clear(window: TimeWindow, state: TimeWindow): void {
    const { keys } = this.access;
    keys.setWindow(state.start, state.end);
    this.contents.clear();
    keys.setWindow(window.start, window.end);
    this.clearTriggerAndFunction(window);
    this.set.retire(window);
  }

  private mergeTrigger(result: TimeWindow, merged: readonly TimeWindow[]): void {
    const { keys } = this.access;
    keys.setWindow(result.start, result.end);
    this.mergedWindows = merged;
    this.trigger.onMerge?.(result, this);
    for (const window of merged) {
      if (window.equals(result)) continue;
      keys.setWindow(window.start, window.end);
      this.trigger.clear?.(window, this);
      this.deleteCleanup(window);
    }
    keys.setWindow(result.start, result.end);
    this.registerCleanup(result);
  }

  /** Timers that are earlier than those of the result stay, and will set them. */
  private leaveTimers(result: TimeWindow, merged: readonly TimeWindow[]): void {
    this.hasFireTimer = false;
    this.hasCleanupTimer = false;
    // At another parallelism than before event time may have been further here, and the timer of then be gone.
    const firedUpTo = Math.max(this.timers.currentWatermark(), this.restoredWatermark);
    for (const window of merged) {
      if (window.end < result.end) {
        this.hasCleanupTimer = true;
        if (window.maxTimestamp > firedUpTo) this.hasFireTimer = true;
        continue;
      }
      this.access.keys.setWindow(window.start, window.end);
      this.timers.deleteEventTimeTimer(window.maxTimestamp);
      this.deleteCleanup(window);
    }
  }

  /** A timer of a window that another has absorbed: sets that of the other. */
  private followWindow(absorbed: TimeWindow, timestamp: number): void {
    const window = this.set.covering(absorbed);
    if (window === undefined) return;
    this.access.keys.setWindow(window.start, window.end);
    if (timestamp === absorbed.maxTimestamp && window.maxTimestamp > timestamp) {
      this.timers.registerEventTimeTimer(window.maxTimestamp);
    }
    if (this.isCleanupTime(absorbed, timestamp)) this.registerCleanup(window);
  }

  private mergeContents(into: TimeWindow, from: readonly TimeWindow[]): void {
    const { contents } = this;
    const { keys } = this.access;
    let moved: ACC | undefined;
    for (const window of from) {
      keys.setWindow(window.start, window.end);
      const accumulator = contents.accumulator();
      if (accumulator === undefined) continue;
      contents.clear();
      moved = moved === undefined ? accumulator : contents.merge(moved, accumulator);
    }
    if (moved === undefined) return;
    keys.setWindow(into.start, into.end);
    const own = contents.accumulator();
    contents.set(own === undefined ? moved : contents.merge(own, moved));
  }

  /** Only an assigner that makes windows smaller can lead here. */
  private refuseEnded(result: TimeWindow): void {
    const { maxTimestamp } = result;
    const isOver = this.isEventTime
      ? cleanupTime(result, this.allowedLatenessMs) <= this.timers.currentWatermark()
      : maxTimestamp <= this.timers.currentProcessingTime();
    if (!isOver) return;
    throw new MillraceError('MR1001', `Windows were merged into one that is over, at ${maxTimestamp}.`, {
      where: { operator: this.context.operatorName, uid: this.context.uid },
      hint: 'mergeWindows must give a window that ends no earlier than those it is made of.',
    });
  }
}

/** Whether the trigger's only timer is one at the end of the window. */
function firesAtEndOnly(trigger: Trigger<never>): boolean {
  if (trigger instanceof PurgingTrigger) return firesAtEndOnly(trigger.nested);
  return trigger.constructor === EventTimeTrigger;
}
