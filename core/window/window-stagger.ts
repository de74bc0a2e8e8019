import { TimeWindow } from './time-window.js';
import type { WindowAssignerContext } from './window-assigner.js';

/**
 * Where the windows of a subtask begin, so that those of all subtasks need not fire at once. What is staggered
 * is settled when the first record comes; after a restart that may be another time, but for RANDOM.
 *
 * @example `clicks.keyBy('user').window(TumblingProcessingTimeWindows.of('10 s', 0, WindowStagger.RANDOM))`
 */
export const WindowStagger = {
  /** At the offset, in all subtasks. */
  ALIGNED: 'ALIGNED',
  /** Later by part of the size: any, but for a subtask always the same. */
  RANDOM: 'RANDOM',
  /** Later by as much as the wall clock was beyond the start of a window when the first record came. */
  NATURAL: 'NATURAL',
} as const;

export type WindowStagger = (typeof WindowStagger)[keyof typeof WindowStagger];

/** By how much windows begin later, ms; in [0, sizeMs). */
export function staggerMs(
  stagger: WindowStagger,
  sizeMs: number,
  ctx: WindowAssignerContext | undefined,
): number {
  if (stagger === WindowStagger.ALIGNED || ctx === undefined) return 0;
  if (stagger === WindowStagger.RANDOM) return Math.floor((ctx.staggerShare ?? 0) * sizeMs);
  const now = ctx.currentProcessingTime();
  return now - TimeWindow.startOf(now, 0, sizeMs);
}
