/**
 * Makes watermarks from the records of one subtask, on its thread: after each record (punctuated), or when
 * asked periodically, or both.
 *
 * @example
 * ```ts
 * const punctuated: WatermarkGenerator<{ endOf?: number }> = {
 *   onEvent(event, timestamp, output) {
 *     if (event.endOf !== undefined) output.emitWatermark(event.endOf);
 *   },
 * };
 * ```
 */
export interface WatermarkGenerator<T> {
  /** After the record has gone out. `timestamp`: ms, or `Watermark.MIN` where the record has none. */
  onEvent(event: T, timestamp: number, output: WatermarkOutput): void;
  /** Every `pipeline.auto-watermark-interval`, and once more when the input ends. */
  onPeriodicEmit?(output: WatermarkOutput): void;
  /** What `restoreState` needs to go on from a checkpoint; plain data. */
  snapshotState?(): unknown;
  /** Before the first record after a restore. Of several states (after a rescale) the earliest is given. */
  restoreState?(state: unknown): void;
}

/** Takes what a generator has to say. Lower and equal watermarks are passed over. */
export interface WatermarkOutput {
  emitWatermark(timestamp: number): void;
  /** The stream holds no watermark back until it is active again; the next record makes it so. */
  markIdle(): void;
  markActive(): void;
}
