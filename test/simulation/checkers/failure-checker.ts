import { type ErrorCode, isMillraceError } from '../../../core/internal.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent } from '../world-trace.js';

/** What the faults of a world may make an attempt or a process fail of. */
const FAIR: ReadonlySet<string> = new Set<ErrorCode>([
  'MR3001',
  'MR3003',
  'MR3006',
  'MR3007',
  'MR5001',
  'MR5003',
  'MR5006',
  'MR6003',
  'MR6004',
  'MR8003',
]);

/** Attempts and processes fail of the faults of their world, and of nothing else. */
export class FailureChecker {
  readonly #verdict: WorldVerdict;
  failures = 0;

  constructor(verdict: WorldVerdict) {
    this.#verdict = verdict;
  }

  onEvent({ name, values }: TraceEvent): void {
    if (name !== 'job.attempt-failed') return;
    this.failures++;
    const code = String(values.code);
    this.#verdict.check(FAIR.has(code), () => `An attempt failed of ${code}: ${String(values.what)}`);
  }

  /** An error that is not the engine's own is fair as a cause only: the disk's, or that of user code. */
  onProcessFailed(error: unknown): void {
    this.#verdict.check(isMillraceError(error), () => `A process failed of ${String(error)}`);
    for (let cause = error; isMillraceError(cause); cause = cause.cause) {
      const { code, message } = cause;
      // What crossed from task to master without a code.
      const foreign = code === 'MR9002' && /simulated|of this world/.test(message);
      this.#verdict.check(foreign || FAIR.has(code), () => `A process failed of ${String(cause)}`);
    }
  }
}
