import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

/** Memory stays in the plan: each segment that a task was given is in exactly one place, whenever somebody counts. */
export class MemoryChecker implements WorldListener {
  readonly #verdict: WorldVerdict;

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onSegmentsCounted(error: unknown): void {
    if (error !== undefined) this.#verdict.fail('wrong', `Segments: ${String(error)}`, error);
  }
}
