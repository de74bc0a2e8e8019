import { invariant } from '../base/invariant.js';
import { Watermark } from '../element/watermark.js';
import type { WatermarkValveOutput } from './watermark-valve.js';

/**
 * Event time of an operator with several inputs: the least watermark of those that are neither idle nor at their
 * end. Unlike with the channels of one input ({@link WatermarkValve}), an input that comes back from idleness
 * behind the others is waited for: what it brings belongs with what the others brought.
 *
 * Invariants:
 * - what is emitted strictly increases;
 * - the whole is idle exactly when no input is active and not all have ended;
 * - MAX is emitted exactly when the last input ends.
 */
export class CombinedWatermark {
  readonly #output: WatermarkValveOutput;
  readonly #inputs: readonly InputStatus[];
  #lastEmitted: number;
  #idle: boolean;

  constructor(inputs: number, output: WatermarkValveOutput) {
    this.#output = output;
    this.#inputs = Array.from({ length: inputs }, () => ({
      watermark: Watermark.MIN,
      idle: false,
      ended: false,
    }));
    this.#lastEmitted = Watermark.MIN;
    this.#idle = false;
  }

  /** MAX ends the input. A lower watermark than the last says nothing. */
  inputWatermark(input: number, timestamp: number): void {
    const status = this.#input(input);
    if (status.ended) return;
    status.idle = false;
    if (timestamp === Watermark.MAX) status.ended = true;
    else if (timestamp > status.watermark) status.watermark = timestamp;
    this.#update();
  }

  inputIdle(input: number): void {
    const status = this.#input(input);
    if (status.ended) return;
    status.idle = true;
    this.#update();
  }

  inputActive(input: number): void {
    this.#input(input).idle = false;
    this.#update();
  }

  #update(): void {
    let least: number = Watermark.MAX;
    let active = false;
    let open = false;
    for (const { watermark, idle, ended } of this.#inputs) {
      if (ended) continue;
      open = true;
      if (idle) continue;
      active = true;
      if (watermark < least) least = watermark;
    }
    const idle = open && !active;
    if (this.#idle && !idle) {
      this.#idle = false;
      this.#output.emitActive();
    }
    if (!idle && least > this.#lastEmitted) {
      this.#lastEmitted = least;
      this.#output.emitWatermark(least);
    }
    if (idle && !this.#idle) {
      this.#idle = true;
      this.#output.emitIdle();
    }
  }

  #input(index: number): InputStatus {
    const status = this.#inputs[index];
    invariant(status !== undefined, 'the input exists', { index, inputs: this.#inputs.length });
    return status;
  }
}

interface InputStatus {
  watermark: number;
  idle: boolean;
  ended: boolean;
}
