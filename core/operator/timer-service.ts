/** Time as an operator sees it. */
export interface TimeService {
  /** How far event time has come: `Watermark.MIN` before the first watermark. */
  currentWatermark(): number;
  /** Wall time, ms since the epoch. */
  currentProcessingTime(): number;
}

/**
 * Timers of the current key: at most one of each kind for a key and time, kept in checkpoints. Times are
 * whole milliseconds since the epoch.
 *
 * @example
 * ```ts
 * // Closes a session thirty minutes after its last click.
 * function touch(ctx: KeyedProcessContext<string>, timeout: ValueState<number>, click: Click): void {
 *   const before = timeout.value();
 *   if (before !== undefined) ctx.timerService.deleteEventTimeTimer(before);
 *   ctx.timerService.registerEventTimeTimer(click.time + 1_800_000);
 *   timeout.update(click.time + 1_800_000);
 * }
 * ```
 */
export interface TimerService extends TimeService {
  /** Calls `onTimer` when the watermark reaches the time; at the next watermark if it already has. */
  registerEventTimeTimer(timestamp: number): void;
  /** Calls `onTimer` when the wall clock reaches the time. Not at the end of the input. */
  registerProcessingTimeTimer(timestamp: number): void;
  deleteEventTimeTimer(timestamp: number): void;
  deleteProcessingTimeTimer(timestamp: number): void;
}
