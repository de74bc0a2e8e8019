import { fromWireError, type JobFailure } from '../../core/internal.js';
import { causesOf } from './error-text.js';

/**
 * Tells a person of each failure from which a job restarts, once: what failed, where, and that it goes on.
 *
 * Invariant: attempts are told in rising order, each at most once.
 */
export class FailureLines {
  readonly #write: (text: string) => void;
  #toldAttempt = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Failures that were told before are passed over. */
  tell(failures: readonly JobFailure[]): void {
    for (const { attempt, rootCause } of failures) {
      if (attempt <= this.#toldAttempt) continue;
      this.#toldAttempt = attempt;
      const error = fromWireError(rootCause);
      this.#write(
        `warning: Attempt ${attempt} failed; the job restarts. ${error.message}\n${causesOf(error)}`,
      );
    }
  }
}
