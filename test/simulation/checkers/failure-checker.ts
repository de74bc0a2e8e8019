import { type ErrorCode, isMillraceError } from '../../../core/internal.js';
import type { WorldVerdict } from '../world-failure.js';
import type { TraceEvent, WorldListener } from '../world-listener.js';

/** What the faults of a world may make an attempt or a process fail of. */
const FAIR: ReadonlySet<string> = new Set<ErrorCode>([
  'MR3001',
  'MR3003',
  'MR3006',
  'MR3007',
  'MR5001',
  'MR5003',
  'MR5006',
  'MR5007',
  'MR5015',
  'MR6003',
  'MR6004',
  'MR8003',
]);

/** What user code throws because the world wants it to. What it throws besides is what it has found wrong. */
const WANTED = /The user code of this world throws|Error: simulated: /;

/** Attempts and processes fail of the faults of their world, and of nothing else. */
export class FailureChecker implements WorldListener {
  readonly #verdict: WorldVerdict;
  readonly #isLeader: (process: number) => boolean;
  readonly #mayFail: boolean;

  /** `mayFail`: user code may throw what it likes. */
  constructor(verdict: WorldVerdict, isLeader: (process: number) => boolean, mayFail: boolean) {
    this.#verdict = verdict;
    this.#isLeader = isLeader;
    this.#mayFail = mayFail;
  }

  onEvent({ name, values }: TraceEvent): void {
    if (name !== 'job.attempt-failed') return;
    const code = String(values.code);
    const isWanted = this.#mayFail || code !== 'MR5001' || WANTED.test(String(values.what));
    this.#verdict.check(
      isWanted && this.#isFair(code, Number(values.process)),
      () => `An attempt failed of ${code}: ${String(values.what)}`,
    );
  }

  /** An error that is not the engine's own is fair as a cause only: the disk's, or that of user code. */
  onProcessFailed(process: number, error: unknown): void {
    this.#verdict.check(isMillraceError(error), () => `A process failed of ${String(error)}`);
    for (let cause = error; isMillraceError(cause); cause = cause.cause) {
      const { code, message } = cause;
      // What crossed from task to master without a code.
      const foreign = code === 'MR9002' && /simulated|of this world/.test(message);
      this.#verdict.check(
        foreign || this.#isFair(code, process),
        () => `A process failed of ${String(cause)}`,
      );
    }
  }

  /** Who no longer leads may find that its files were removed, before it finds that it does not lead. */
  #isFair(code: string, process: number): boolean {
    return FAIR.has(code) || (code === 'MR3008' && !this.#isLeader(process));
  }
}
