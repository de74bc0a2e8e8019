import type { Duration } from '../base/duration.js';
import { EventTimeTrigger } from './event-time-trigger.js';
import { dynamicGap, type SessionWindowTimeGapExtractor, staticGap } from './session-gap.js';
import { TimeWindow } from './time-window.js';
import type { MergingWindowAssigner } from './window-assigner.js';

/**
 * Sessions: windows that end when no record of the key came for the length of a gap.
 *
 * @example
 * ```ts
 * clicks.keyBy((click) => click.user).window(EventTimeSessionWindows.withGap('30 min'));
 * // A gap that each record sets:
 * clicks
 *   .keyBy((click) => click.user)
 *   .window(EventTimeSessionWindows.withDynamicGap((click) => (click.mobile ? '5 min' : '30 min')));
 * ```
 */
export class EventTimeSessionWindows<T = unknown> implements MergingWindowAssigner<T> {
  readonly name = 'EventTimeSessionWindows';
  readonly mergeWindows = TimeWindow.mergeWindows;
  readonly #gapMs: (element: T) => number;
  /** The answer, made anew each time. */
  readonly #assigned: TimeWindow[];

  private constructor(gapMs: (element: T) => number) {
    this.#gapMs = gapMs;
    this.#assigned = [];
  }

  /** @throws MillraceError MR1001 if the gap is not positive */
  static withGap(gap: Duration): EventTimeSessionWindows {
    return new EventTimeSessionWindows(staticGap(gap));
  }

  /** The gap after each record is what the function says; one that is not positive fails the job. */
  static withDynamicGap<T>(gap: SessionWindowTimeGapExtractor<T>): EventTimeSessionWindows<T> {
    return new EventTimeSessionWindows(dynamicGap(gap));
  }

  assignWindows(element: T, timestamp: number): readonly TimeWindow[] {
    const gapMs = this.#gapMs;
    this.#assigned[0] = new TimeWindow(timestamp, timestamp + gapMs(element));
    return this.#assigned;
  }

  getDefaultTrigger(): EventTimeTrigger {
    return new EventTimeTrigger();
  }

  isEventTime(): boolean {
    return true;
  }
}
