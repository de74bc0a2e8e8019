import { ElementKind } from '../../../core/internal.js';
import type { Flow } from '../observed-channels.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

/** Watermarks never fall, at either end of a channel. */
export class WatermarkChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  /** The last ones by channel. */
  readonly #written: number[] = [];
  readonly #read: number[] = [];

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onElementWritten({ channel }: Flow, kind: ElementKind, value: number): void {
    if (kind === ElementKind.WATERMARK) this.#check(this.#written, channel, value, 'written');
  }

  onElementRead({ channel }: Flow, kind: ElementKind, value: number): void {
    if (kind === ElementKind.WATERMARK) this.#check(this.#read, channel, value, 'read');
  }

  #check(before: number[], index: number, watermark: number, what: string): void {
    const last = before[index];
    // Also where one of them is no number.
    if (last !== undefined && !(watermark >= last))
      this.#verdict.fail('wrong', `A watermark (${what}) falls from ${last} to ${watermark}.`);
    before[index] = watermark;
  }
}
