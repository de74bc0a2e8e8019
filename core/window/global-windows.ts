import { EndOfStreamTrigger } from './end-of-stream-trigger.js';
import { GlobalWindow } from './global-window.js';
import { NeverTrigger } from './never-trigger.js';
import type { TimeWindow } from './time-window.js';
import type { Trigger } from './trigger.js';
import type { WindowAssigner } from './window-assigner.js';

/**
 * All records of a key in one window. It fires only by a trigger that the job names, or at the end of all
 * input if it was made {@link createWithEndOfStreamTrigger}.
 *
 * @example
 * ```ts
 * clicks.keyBy((click) => click.user).window(GlobalWindows.create()).trigger(CountTrigger.of(100));
 * ```
 */
export class GlobalWindows implements WindowAssigner {
  readonly name = 'GlobalWindows';
  readonly #windows: readonly TimeWindow[];
  readonly #trigger: Trigger;

  private constructor(trigger: Trigger) {
    this.#windows = [GlobalWindow.get()];
    this.#trigger = trigger;
  }

  static create(): GlobalWindows {
    return new GlobalWindows(new NeverTrigger());
  }

  /** The window fires once, when bounded input has ended. */
  static createWithEndOfStreamTrigger(): GlobalWindows {
    return new GlobalWindows(new EndOfStreamTrigger());
  }

  assignWindows(): readonly TimeWindow[] {
    return this.#windows;
  }

  getDefaultTrigger(): Trigger {
    return this.#trigger;
  }

  isEventTime(): boolean {
    return false;
  }
}
