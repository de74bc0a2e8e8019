import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import { restoredWatermark, snapshotWatermark, WATERMARK_LIST } from './current-watermark.js';
import { refuseWithoutKey } from './keyless-use.js';
import type { OperatorPart } from './operator-part.js';
import type { OperatorContext } from './stream-operator.js';
import type { TimeService } from './timer-service.js';

/** Time as an operator without timers knows it. Invariant: the watermark never decreases. */
export class EventClock implements TimeService, OperatorPart {
  readonly #context: OperatorContext;
  #watermark: number;

  constructor(context: OperatorContext) {
    this.#context = context;
    this.#watermark = restoredWatermark(context);
  }

  advance(timestamp: number): void {
    if (timestamp > this.#watermark) this.#watermark = timestamp;
  }

  currentWatermark(): number {
    return this.#watermark;
  }

  currentProcessingTime(): number {
    return this.#context.clock.wallMs();
  }

  registerEventTimeTimer(): never {
    refuseWithoutKey('A timer');
  }

  registerProcessingTimeTimer(): never {
    refuseWithoutKey('A timer');
  }

  deleteEventTimeTimer(): never {
    refuseWithoutKey('A timer');
  }

  deleteProcessingTimeTimer(): never {
    refuseWithoutKey('A timer');
  }

  snapshotState(): Record<string, OperatorListHandle> {
    return { [WATERMARK_LIST]: snapshotWatermark(this.#context, this.#watermark) };
  }
}
