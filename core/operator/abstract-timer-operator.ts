import type { InternalTimerService, Triggerable } from '../state/internal-timer-service.js';
import type { StateNamespace } from '../state/key-context.js';
import { AbstractKeyedOperator } from './abstract-keyed-operator.js';
import type { KeySelector } from './functions.js';
import { OperatorTimers } from './operator-timers.js';
import type { ChainedOperatorContext, Output } from './stream-operator.js';

/** A keyed operator with one input and timers; see {@link OperatorTimers}. */
export abstract class AbstractTimerOperator<K, IN, OUT>
  extends AbstractKeyedOperator<K, IN, OUT>
  implements Triggerable
{
  protected readonly timers: InternalTimerService;
  readonly #timing: OperatorTimers;

  constructor(
    context: ChainedOperatorContext,
    output: Output<OUT>,
    keySelector: KeySelector<IN, K>,
    timers: { readonly name: string; readonly namespace: StateNamespace },
  ) {
    super(context, output, keySelector);
    this.#timing = this.withPart(new OperatorTimers(context, output, this.access, timers, this));
    this.timers = this.#timing.service;
  }

  abstract onEventTime(timestamp: number): void;

  abstract onProcessingTime(timestamp: number): void;

  override processWatermark(timestamp: number): void {
    this.#timing.processWatermark(timestamp);
  }

  override processIdle(): void {
    this.#timing.processIdle();
  }

  override processActive(): void {
    this.#timing.processActive();
  }

  override onWake(wallMs: number): void {
    this.#timing.onWake(wallMs);
  }

  override endKey(): boolean {
    return this.#timing.endKey();
  }

  override resume(): boolean {
    return this.#timing.resume();
  }
}
