import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';
import { InternalTimerService, type Triggerable } from '../state/internal-timer-service.js';
import type { StateNamespace } from '../state/key-context.js';
import type { KeyedStateAccess } from '../state/keyed-state-access.js';
import { restoredWatermark, snapshotWatermark, WATERMARK_LIST } from './current-watermark.js';
import type { OperatorPart } from './operator-part.js';
import type { ChainedOperatorContext, Output } from './stream-operator.js';

/**
 * The timers of a keyed operator, and what waits for them: a watermark goes on only after the timers that it
 * makes due have fired, so their results stand before it.
 *
 * Invariants:
 * - a watermark is held back only while timers are left to fire, and idleness only behind a watermark;
 * - a watermark at or below the current one (which a restored operator is told again) changes nothing.
 */
export class OperatorTimers implements OperatorPart {
  readonly service: InternalTimerService;
  readonly #context: ChainedOperatorContext;
  readonly #output: Output<never>;
  #heldWatermark: number | undefined;
  #heldIdle: boolean;
  /** Timers that are due are left. */
  #firing: boolean;

  constructor(
    context: ChainedOperatorContext,
    output: Output<never>,
    access: KeyedStateAccess,
    timers: { readonly name: string; readonly namespace: StateNamespace },
    target: Triggerable,
  ) {
    const host = {
      wallMs: () => context.clock.wallMs(),
      wakeAt: (wallMs: number) => context.wakeAt(wallMs),
      mustYield: () => context.mustYield(),
    };
    this.service = new InternalTimerService(timers.name, access, timers.namespace, host, target);
    this.service.restoreWatermark(restoredWatermark(context));
    this.#context = context;
    this.#output = output;
    this.#heldWatermark = undefined;
    this.#heldIdle = false;
    this.#firing = false;
  }

  snapshotState(): Record<string, OperatorListHandle> {
    return { [WATERMARK_LIST]: snapshotWatermark(this.#context, this.service.currentWatermark()) };
  }

  processWatermark(timestamp: number): void {
    if (timestamp <= this.service.currentWatermark()) return;
    this.#heldWatermark = timestamp;
    this.#fired(this.service.advanceWatermark(timestamp));
  }

  processIdle(): void {
    if (this.#heldWatermark === undefined) this.#output.emitIdle();
    else this.#heldIdle = true;
  }

  processActive(): void {
    if (this.#heldIdle) this.#heldIdle = false;
    else this.#output.emitActive();
  }

  onWake(wallMs: number): void {
    this.#fired(this.service.onWake(wallMs));
  }

  /** Fires all timers there are, of one key, and sets event time back. False: to be called again. */
  endKey(): boolean {
    return this.service.endKey();
  }

  /** A timer set at or below the watermark waits for the next one: pauses must not decide when it fires. */
  resume(): boolean {
    return this.#firing ? this.#fired(this.service.resume()) : true;
  }

  #fired(all: boolean): boolean {
    this.#firing = !all;
    const watermark = this.#heldWatermark;
    if (!all || watermark === undefined) return all;
    this.#heldWatermark = undefined;
    this.#output.emitWatermark(watermark);
    if (this.#heldIdle) {
      this.#heldIdle = false;
      this.#output.emitIdle();
    }
    return all;
  }
}
