import type { WatermarkGenerator } from '../../../core/index.js';
import type { Event } from './event.js';

/** A watermark with each event, behind the newest by a time. */
export function everyEvent(lagMs: number): WatermarkGenerator<Event> {
  let newest = Number.NEGATIVE_INFINITY;
  return {
    onEvent(event, _timestamp, output) {
      newest = Math.max(newest, event.time);
      output.emitWatermark(newest - lagMs - 1);
    },
    onPeriodicEmit: () => {},
  };
}
