import type { InternalTimerService, Triggerable } from '../state/internal-timer-service.js';
import type { StateNamespace } from '../state/key-context.js';
import type { KeyedStateAccess } from '../state/keyed-state-access.js';
import { type KeyedOperator, keyedStateOf } from './abstract-keyed-operator.js';
import { OperatorTimers } from './operator-timers.js';
import type { ChainedOperatorContext, Output } from './stream-operator.js';
import { TwoInputOperator } from './two-input-operator.js';

/**
 * An operator with two inputs, of which at least the first has keys. State and timers belong to the key,
 * whichever input it came by; see {@link OperatorTimers}.
 */
export abstract class KeyedTwoInputOperator<IN1, IN2, OUT>
  extends TwoInputOperator<IN1, IN2, OUT>
  implements KeyedOperator, Triggerable
{
  protected readonly access: KeyedStateAccess;
  protected readonly timers: InternalTimerService;
  readonly #timing: OperatorTimers;

  constructor(
    context: ChainedOperatorContext,
    output: Output<OUT>,
    timers: { readonly name: string; readonly namespace: StateNamespace },
  ) {
    super(context, output);
    this.access = keyedStateOf(context);
    this.#timing = this.withPart(new OperatorTimers(context, output, this.access, timers, this));
    this.timers = this.#timing.service;
  }

  abstract onEventTime(timestamp: number): void;

  abstract onProcessingTime(timestamp: number): void;

  protected override processWatermark(timestamp: number): void {
    this.#timing.processWatermark(timestamp);
  }

  protected override processIdle(): void {
    this.#timing.processIdle();
  }

  protected override processActive(): void {
    this.#timing.processActive();
  }

  override onWake(wallMs: number): void {
    this.#timing.onWake(wallMs);
  }

  endKey(): boolean {
    return this.#timing.endKey();
  }

  override resume(): boolean {
    return this.#timing.resume();
  }
}
