import { CountEvictor } from '../window/count-evictor.js';
import { CountTrigger } from '../window/count-trigger.js';
import type { Evictor } from '../window/evictor.js';
import { GlobalWindows } from '../window/global-windows.js';
import { PurgingTrigger } from '../window/purging-trigger.js';
import type { Trigger } from '../window/trigger.js';
import type { WindowAssigner } from '../window/window-assigner.js';

export interface CountWindows {
  readonly assigner: WindowAssigner;
  readonly trigger: Trigger;
  readonly evictor: Evictor | undefined;
}

/**
 * What windows by count are made of: all records of a key are in one window, which forgets what has fired, or
 * keeps the last of it.
 */
export function countWindows(size: number, slide: number | undefined): CountWindows {
  const assigner = GlobalWindows.create();
  if (slide === undefined) {
    return { assigner, trigger: PurgingTrigger.of(CountTrigger.of(size)), evictor: undefined };
  }
  // A size of 0 is refused as a count that never fires would be.
  CountTrigger.of(size);
  return { assigner, trigger: CountTrigger.of(slide), evictor: CountEvictor.of(size) };
}
