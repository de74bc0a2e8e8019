// hot path: the windows bench
import type { ChainedOperatorContext, Output } from '../operator/stream-operator.js';
import { AbstractWindowOperator, type WindowDescription } from './abstract-window-operator.js';
import type { SlidingWindows } from './sliding-windows.js';
import { TimeWindow } from './time-window.js';

/**
 * Sliding windows that fire at their end and fold their records. Each record is folded once, into
 * the accumulator of its pane ({@link SlidingWindows}), whatever number of windows it is in; a window that
 * fires merges its panes. All windows of a pane that still live have seen all that is in it, since a window
 * is never late before an older one is.
 *
 * In event time a key has timers for its next window alone: a window that fires sets the timer of the one
 * after it, if that holds something. In processing time, where the end of a batch fires what there is and takes
 * no more, each window has its own; and a record of a millisecond that has fired belongs to the next one, since
 * it would find part of its windows gone.
 *
 * Invariants:
 * - contents are kept under panes, the function's state under windows;
 * - in event time, for every pane that holds something: the first of its windows that is still to fire has a
 *   timer, or a window before it has one, and all those between the two hold something; the same is true of
 *   cleaning up;
 * - in processing time, every window that holds something has a timer;
 * - a pane goes with the last of its windows.
 */
export class PaneWindowOperator<K, IN, ACC, CONTENTS, OUT> extends AbstractWindowOperator<
  K,
  IN,
  ACC,
  CONTENTS,
  OUT
> {
  protected readonly merges = false;
  private readonly windows: SlidingWindows;
  /** The pane of the last record: neighbouring ones mostly share it. */
  private paneStart: number;
  private paneEnd: number;
  /** Starts of the first and the last window of that pane. */
  private firstStart: number;
  private lastStart: number;
  /** Start of the last pane with contents that `fold` has seen. */
  private lastHeld: number;
  /** Processing time up to which windows have fired. */
  private firedMs: number;

  constructor(
    context: ChainedOperatorContext,
    output: Output<OUT>,
    description: WindowDescription<K, IN, ACC, CONTENTS, OUT>,
    windows: SlidingWindows,
  ) {
    super(context, output, description);
    this.windows = windows;
    this.paneStart = 0;
    this.paneEnd = 0;
    this.firstStart = 0;
    this.lastStart = 0;
    this.lastHeld = 0;
    this.firedMs = context.restored === undefined ? Number.NEGATIVE_INFINITY : context.clock.wallMs();
  }

  processElement(value: IN, timestamp: number): void {
    this.setKeyOf(value, timestamp);
    const time = this.isEventTime ? timestamp : this.processingTime();
    if (time < this.paneStart || time >= this.paneEnd) this.findPane(time);
    // The last of the pane's windows is late last.
    if (this.isWindowLate(this.windowAt(this.lastStart))) {
      this.dropIfLate(value, timestamp);
      return;
    }
    this.access.keys.setWindow(this.paneStart, this.paneEnd);
    if (this.contents.add(value, timestamp)) this.registerFirst();
    if (this.allowedLatenessMs > 0) this.fireEnded();
  }

  onEventTime(timestamp: number): void {
    const window = this.currentWindow();
    if (timestamp === window.maxTimestamp) {
      this.fire(window);
      const next = window.start + this.windows.slideMs;
      if (this.lastHeld >= next) this.registerFiring(next);
    }
    if (!this.isCleanupTime(window, timestamp)) return;
    this.clear(window);
    if (this.allowedLatenessMs > 0 && this.isHolding(window.start + this.windows.slideMs, window.end)) {
      this.registerCleanupOf(window.start + this.windows.slideMs);
    }
  }

  onProcessingTime(timestamp: number): void {
    const window = this.currentWindow();
    // At the end of a batch timers are ahead of the clock.
    this.firedMs = Math.max(this.firedMs, Math.min(timestamp, this.currentProcessingTime()));
    this.fire(window);
    this.clear(window);
  }

  /** Of a record that comes now. A clock that was set back by more than a window is believed. */
  private processingTime(): number {
    const now = this.currentProcessingTime();
    return now <= this.firedMs && now > this.firedMs - this.windows.sizeMs ? this.firedMs + 1 : now;
  }

  private findPane(timestamp: number): void {
    const { windows } = this;
    this.paneStart = windows.paneStart(timestamp);
    this.paneEnd = windows.paneEnd(this.paneStart);
    this.firstStart = windows.firstStart(this.paneEnd - windows.sizeMs);
    this.lastStart = windows.lastStart(timestamp);
  }

  /** A pane has got its first record: sets the timers of the first of its windows that need them. */
  private registerFirst(): void {
    const { windows, allowedLatenessMs } = this;
    if (!this.isEventTime) {
      for (let start = this.firstStart; start <= this.lastStart; start += windows.slideMs) {
        this.registerFiring(start);
      }
      return;
    }
    // The first start of a window whose last time is after the watermark.
    const isToCome = this.timers.currentWatermark() + 2 - windows.sizeMs;
    const firing = Math.max(this.firstStart, windows.firstStart(isToCome));
    if (firing <= this.lastStart) this.registerFiring(firing);
    if (allowedLatenessMs === 0) return;
    this.registerCleanupOf(Math.max(this.firstStart, windows.firstStart(isToCome - allowedLatenessMs)));
  }

  /** A record came to windows that have fired and still live: they fire again, the newest first. */
  private fireEnded(): void {
    const watermark = this.timers.currentWatermark();
    const { firstStart, windows } = this;
    if (firstStart + windows.sizeMs - 1 > watermark) return;
    for (let start = this.lastStart; start >= firstStart; start -= windows.slideMs) {
      const window = this.windowAt(start);
      if (window.maxTimestamp > watermark) continue;
      if (this.isWindowLate(window)) break;
      this.fire(window);
    }
  }

  private fire(window: TimeWindow): void {
    this.context.userCode.node = this.context.chainIndex;
    const accumulator = this.fold(window);
    this.access.keys.setWindow(window.start, window.end);
    this.emit(window, accumulator);
  }

  /** What the panes of the window hold together. */
  private fold(window: TimeWindow): ACC | undefined {
    const { windows, contents } = this;
    const { keys } = this.access;
    const { end } = window;
    let folded: ACC | undefined;
    this.lastHeld = Number.NEGATIVE_INFINITY;
    for (let start = window.start; start < end; ) {
      const next = windows.paneEnd(start);
      keys.setWindow(start, next);
      const pane = contents.accumulator();
      if (pane !== undefined) {
        folded = folded === undefined ? pane : contents.merge(folded, pane);
        this.lastHeld = start;
      }
      start = next;
    }
    return folded;
  }

  /** The function lets go of the window, and the panes go that no later window has. */
  private clear(window: TimeWindow): void {
    const { keys } = this.access;
    keys.setWindow(window.start, window.end);
    this.context.userCode.node = this.context.chainIndex;
    this.windowFunction.clear(window);
    const end = window.start + this.windows.slideMs;
    for (let start = window.start; start < end; ) {
      const next = this.windows.paneEnd(start);
      keys.setWindow(start, next);
      this.contents.clear();
      start = next;
    }
  }

  private isHolding(from: number, to: number): boolean {
    for (let start = from; start < to; ) {
      const next = this.windows.paneEnd(start);
      this.access.keys.setWindow(start, next);
      if (this.contents.accumulator() !== undefined) return true;
      start = next;
    }
    return false;
  }

  private registerFiring(start: number): void {
    const window = this.windowAt(start);
    this.access.keys.setWindow(window.start, window.end);
    if (this.isEventTime) this.timers.registerEventTimeTimer(window.maxTimestamp);
    else this.timers.registerProcessingTimeTimer(window.maxTimestamp);
  }

  private registerCleanupOf(start: number): void {
    const window = this.windowAt(start);
    this.access.keys.setWindow(window.start, window.end);
    this.registerCleanup(window);
  }

  private windowAt(start: number): TimeWindow {
    return new TimeWindow(start, start + this.windows.sizeMs);
  }
}
