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
 */
export interface TimerService extends TimeService {
  /** Calls `onTimer` when the watermark reaches the time; at the next watermark if it already has. */
  registerEventTimeTimer(timestamp: number): void;
  /** Calls `onTimer` when the wall clock reaches the time. Not at the end of the input. */
  registerProcessingTimeTimer(timestamp: number): void;
  deleteEventTimeTimer(timestamp: number): void;
  deleteProcessingTimeTimer(timestamp: number): void;
}
