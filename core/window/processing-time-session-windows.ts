import type { Duration } from '../base/duration.js';
import { ProcessingTimeTrigger } from './processing-time-trigger.js';
import { dynamicGap, type SessionWindowTimeGapExtractor, staticGap } from './session-gap.js';
import { TimeWindow } from './time-window.js';
import type { MergingWindowAssigner, WindowAssignerContext } from './window-assigner.js';

/**
 * Sessions of the wall clock: windows that end when no record of the key arrived for the length of a gap.
 * Timestamps of records do not matter.
 *
 * @example `clicks.keyBy((click) => click.user).window(ProcessingTimeSessionWindows.withGap('30 s'))`
 */
export class ProcessingTimeSessionWindows<T = unknown> implements MergingWindowAssigner<T> {
  readonly name = 'ProcessingTimeSessionWindows';
  readonly mergeWindows = TimeWindow.mergeWindows;
  readonly #gapMs: (element: T) => number;
  /** The answer, made anew each time. */
  readonly #assigned: TimeWindow[];

  private constructor(gapMs: (element: T) => number) {
    this.#gapMs = gapMs;
    this.#assigned = [];
  }

  /** @throws MillraceError MR1001 if the gap is not positive */
  static withGap(gap: Duration): ProcessingTimeSessionWindows {
    return new ProcessingTimeSessionWindows(staticGap(gap));
  }

  /** The gap after each record is what the function says; one that is not positive fails the job. */
  static withDynamicGap<T>(gap: SessionWindowTimeGapExtractor<T>): ProcessingTimeSessionWindows<T> {
    return new ProcessingTimeSessionWindows(dynamicGap(gap));
  }

  assignWindows(element: T, _timestamp: number, ctx: WindowAssignerContext): readonly TimeWindow[] {
    const gapMs = this.#gapMs;
    const start = ctx.currentProcessingTime();
    this.#assigned[0] = new TimeWindow(start, start + gapMs(element));
    return this.#assigned;
  }

  getDefaultTrigger(): ProcessingTimeTrigger {
    return new ProcessingTimeTrigger();
  }

  isEventTime(): boolean {
    return false;
  }
}
