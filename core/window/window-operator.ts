// hot path: the windows bench
import type { OperatorFactory, Output } from '../operator/stream-operator.js';
import { AbstractWindowOperator, type WindowDescription } from './abstract-window-operator.js';
import { MergingWindowOperator } from './merging-window-operator.js';
import { PaneWindowOperator } from './pane-window-operator.js';
import { SlidingEventTimeWindows } from './sliding-event-time-windows.js';
import { SlidingProcessingTimeWindows } from './sliding-processing-time-windows.js';
import type { TimeWindow } from './time-window.js';
import { TriggerResult } from './trigger.js';
import { isMerging } from './window-assigner.js';

/** Collects the records of each key into windows, and emits what they hold when their trigger fires. */
class WindowOperator<K, IN, ACC, CONTENTS, OUT> extends AbstractWindowOperator<K, IN, ACC, CONTENTS, OUT> {
  protected readonly merges = false;

  processElement(value: IN, timestamp: number): void {
    this.setKeyOf(value, timestamp);
    const windows = this.assigner.assignWindows(value, timestamp, this);
    let isLate = true;
    for (let i = 0; i < windows.length; i++) {
      const window = windows[i];
      if (window === undefined || this.isWindowLate(window)) continue;
      isLate = false;
      this.addTo(window, value, timestamp);
    }
    if (isLate) this.dropIfLate(value, timestamp);
  }

  onEventTime(timestamp: number): void {
    const window = this.currentWindow();
    this.obey(this.triggerAt(true, timestamp, window), window);
    if (this.isEventTime && this.isCleanupTime(window, timestamp)) this.clear(window);
  }

  onProcessingTime(timestamp: number): void {
    const window = this.currentWindow();
    this.obey(this.triggerAt(false, timestamp, window), window);
    if (!this.isEventTime && this.isCleanupTime(window, timestamp)) this.clear(window);
  }

  private addTo(window: TimeWindow, value: IN, timestamp: number): void {
    this.access.keys.setWindow(window.start, window.end);
    this.context.userCode.node = this.context.chainIndex;
    const wasEmpty = this.contents.add(value, timestamp);
    // A window that takes late records may hold something and yet have no timer left: it is asked anew.
    this.isFirstElement = wasEmpty || this.allowedLatenessMs > 0;
    this.obey(this.trigger.onElement(value, timestamp, window, this), window);
    if (this.isFirstElement) this.registerCleanup(window);
  }

  private obey(result: TriggerResult, window: TimeWindow): void {
    if (result === TriggerResult.CONTINUE) return;
    if ((result & TriggerResult.FIRE) !== 0) this.emit(window, this.contents.accumulator());
    if ((result & TriggerResult.PURGE) !== 0) this.contents.clear();
  }

  private clear(window: TimeWindow): void {
    this.contents.clear();
    this.clearTriggerAndFunction(window);
  }
}

export function windowOperator<K, IN, ACC, CONTENTS, OUT>(
  description: WindowDescription<K, IN, ACC, CONTENTS, OUT>,
): OperatorFactory {
  const { assigner } = description;
  const panes = sharedPanes(description);
  return {
    needsKeyedState: true,
    create: (context, output) => {
      const results = output as Output<OUT>;
      if (panes !== undefined) return new PaneWindowOperator(context, results, description, panes);
      if (isMerging(assigner)) return new MergingWindowOperator(context, results, description, assigner);
      return new WindowOperator(context, results, description);
    },
  };
}

/** Windows that overlap fold each record once, where nothing but the end of a window can look inside it. */
function sharedPanes<K, IN, ACC, CONTENTS, OUT>(description: WindowDescription<K, IN, ACC, CONTENTS, OUT>) {
  const { assigner, trigger, contents } = description;
  if (trigger !== undefined || !contents.isFolding) return;
  if (!(assigner instanceof SlidingEventTimeWindows || assigner instanceof SlidingProcessingTimeWindows))
    return;
  const { windows } = assigner;
  return windows.sizeMs > windows.slideMs ? windows : undefined;
}
