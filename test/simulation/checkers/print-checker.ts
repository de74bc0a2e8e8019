import type { WorldVerdict } from '../world-failure.js';
import type { WorldListener } from '../world-listener.js';

/** What is to be printed has been, at least once, when the job has finished; by which subtask is nobody's business. */
export class PrintChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #missing: Set<string>;

  constructor(verdict: WorldVerdict, lines: readonly string[]) {
    this.#verdict = verdict;
    this.#missing = new Set(lines);
  }

  onPrinted(line: string): void {
    if (this.#missing.size > 0) this.#missing.delete(line.replace(/^([a-z]+):\d+> /, '$1> '));
  }

  onJobFinished(): void {
    for (const line of this.#missing) this.#verdict.fail('wrong', `Nobody has printed ${line}.`);
  }
}
