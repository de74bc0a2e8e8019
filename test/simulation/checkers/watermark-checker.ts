import { ElementKind } from '../../../core/internal.js';
import type { Flow } from '../observed-channels.js';
import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

/** Watermarks never fall: not at either end of a channel, and not in a task. */
export class WatermarkChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  /** The last ones by channel, and by task. */
  readonly #written: number[] = [];
  readonly #read: number[] = [];
  readonly #ofTasks: number[] = [];

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onElementWritten({ channel }: Flow, kind: ElementKind, value: number): void {
    if (kind === ElementKind.WATERMARK) this.#check(this.#written, channel, value, 'written');
  }

  onElementRead({ channel }: Flow, kind: ElementKind, value: number): void {
    if (kind === ElementKind.WATERMARK) this.#check(this.#read, channel, value, 'read');
  }

  onTaskStepped(task: number, _records: number, watermark: number): void {
    this.#check(this.#ofTasks, task, watermark, 'that of a task');
  }

  #check(before: number[], index: number, watermark: number, what: string): void {
    const last = before[index];
    // Also where one of them is no number.
    if (last !== undefined && !(watermark >= last))
      this.#verdict.fail('wrong', `A watermark (${what}) falls from ${last} to ${watermark}.`);
    before[index] = watermark;
  }
}
