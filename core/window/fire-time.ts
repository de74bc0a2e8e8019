import { type Duration, durationMs } from '../base/duration.js';
import { MillraceError } from '../base/millrace-error.js';
import { types } from '../serde/types.js';
import { ReducingStateDescriptor } from '../state/state-descriptor.js';
import { TimeWindow } from './time-window.js';

/** When a trigger that fires again and again does so next: of merged windows, the earliest of their times. */
export const FIRE_TIME = new ReducingStateDescriptor<number>('trigger-fire-time', Math.min, types.float64);

/** @throws MillraceError MR1001 if the duration is not positive */
export function intervalMs(interval: Duration, what: string): number {
  const ms = durationMs(interval, what);
  if (ms > 0) return ms;
  throw new MillraceError('MR1001', `The ${what} is ${ms} ms.`, { hint: 'It must be positive.' });
}

/** The multiple of the interval at or before the time. */
export function startOfInterval(time: number, interval: number): number {
  return TimeWindow.startOf(time, 0, interval);
}
