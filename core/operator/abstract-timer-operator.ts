import { InternalTimerService, type Triggerable } from '../state/internal-timer-service.js';
import type { StateNamespace } from '../state/key-context.js';
import { AbstractKeyedOperator } from './abstract-keyed-operator.js';
import { restoredWatermark, snapshotWatermark, WATERMARK_LIST } from './current-watermark.js';
import type { KeySelector } from './functions.js';
import type { ChainedOperatorContext, OperatorSnapshot, Output } from './stream-operator.js';

/**
 * A keyed operator with timers. A watermark goes on only after the timers that it makes due have fired, so
 * their results stand before it.
 *
 * Invariants:
 * - a watermark is held back only while timers are left to fire;
 * - a watermark at or below the current one (which a restored operator is told again) changes nothing.
 */
export abstract class AbstractTimerOperator<K, IN, OUT>
  extends AbstractKeyedOperator<K, IN, OUT>
  implements Triggerable
{
  protected readonly timers: InternalTimerService;
  #heldWatermark: number | undefined;
  /** Timers that are due are left. */
  #firing: boolean;

  constructor(
    context: ChainedOperatorContext,
    output: Output<OUT>,
    keySelector: KeySelector<IN, K>,
    timers: { readonly name: string; readonly namespace: StateNamespace },
  ) {
    super(context, output, keySelector);
    const host = {
      wallMs: () => context.clock.wallMs(),
      wakeAt: (wallMs: number) => context.wakeAt(wallMs),
      mustYield: () => context.mustYield(),
    };
    this.timers = new InternalTimerService(timers.name, this.access, timers.namespace, host, this);
    this.timers.restoreWatermark(restoredWatermark(context));
    this.#heldWatermark = undefined;
    this.#firing = false;
    context.metrics.gauge('currentInputWatermark', () => this.timers.currentWatermark());
  }

  abstract onEventTime(timestamp: number): void;

  abstract onProcessingTime(timestamp: number): void;

  override processWatermark(timestamp: number): void {
    if (timestamp <= this.timers.currentWatermark()) return;
    this.#heldWatermark = timestamp;
    this.#fired(this.timers.advanceWatermark(timestamp));
  }

  override onWake(wallMs: number): void {
    this.#fired(this.timers.onWake(wallMs));
  }

  /** A timer set at or below the watermark waits for the next one: pauses must not decide when it fires. */
  override resume(): boolean {
    return this.#firing ? this.#fired(this.timers.resume()) : true;
  }

  override snapshotState(checkpointId: number): OperatorSnapshot {
    const { keyed, lists } = super.snapshotState(checkpointId);
    const watermark = snapshotWatermark(this.context, this.timers.currentWatermark());
    return { keyed, lists: { ...lists, [WATERMARK_LIST]: watermark } };
  }

  #fired(all: boolean): boolean {
    this.#firing = !all;
    const watermark = this.#heldWatermark;
    if (all && watermark !== undefined) {
      this.#heldWatermark = undefined;
      this.output.emitWatermark(watermark);
    }
    return all;
  }
}
