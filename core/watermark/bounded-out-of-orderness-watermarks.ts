// hot path: chain.bench.ts
import { Watermark } from '../element/watermark.js';
import type { WatermarkGenerator, WatermarkOutput } from './watermark-generator.js';

/**
 * Assumes that no record is more than `boundMs` older than the newest one seen: the watermark is the
 * greatest timestamp - bound - 1, since a record with exactly that distance may still come.
 *
 * Invariants: `maxTimestamp` never decreases; nothing is emitted before the first timestamp.
 */
export class BoundedOutOfOrdernessWatermarks<T> implements WatermarkGenerator<T> {
  private readonly boundMs: number;
  private maxTimestamp: number;

  constructor(boundMs: number) {
    this.boundMs = boundMs;
    this.maxTimestamp = Watermark.MIN + boundMs + 1;
  }

  onEvent(_event: T, timestamp: number): void {
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
  }

  onPeriodicEmit(output: WatermarkOutput): void {
    output.emitWatermark(this.maxTimestamp - this.boundMs - 1);
  }

  snapshotState(): number {
    return this.maxTimestamp;
  }

  /** The bound may have changed since: what was seen has not. */
  restoreState(state: unknown): void {
    if (typeof state === 'number' && state > this.maxTimestamp) this.maxTimestamp = state;
  }
}
