import { Watermark } from '../element/watermark.js';
import type { Clock } from '../ports/clock.js';

/** What left one operator last, and when: for people who ask why nothing comes. Not on the record path. */
export class WatermarkTrace {
  watermark: number;
  /** Wall time, ms. */
  sinceMs: number;
  idle: boolean;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.watermark = Watermark.MIN;
    this.sinceMs = clock.wallMs();
    this.idle = false;
    this.#clock = clock;
  }

  noteWatermark(timestamp: number): void {
    if (timestamp === this.watermark) return;
    this.watermark = timestamp;
    this.sinceMs = this.#clock.wallMs();
  }
}
