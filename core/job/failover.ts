import type { Instant } from '../base/instant.js';
import { traceEvent } from '../checkpoint/coordinator-effects.js';
import type { WireError } from '../protocol/wire-error.js';
import type { Attempt } from './attempt.js';
import { FailureHistory } from './failure-history.js';
import { isFatal, jobFailed } from './job-error.js';
import type { JobEffect } from './job-protocol.js';
import type { RestartStrategy } from './restart-strategy.js';

const SAME_ERROR = 'The next attempt would meet the same error.';
const COMMITTED =
  'Its sinks had begun to commit: a next attempt would begin anew, and commit what was committed once more.';

type FailedAttempt = Pick<Attempt, 'number' | 'isCommitting'>;

/**
 * What follows on failures: a restart and when, or the end and why.
 *
 * Invariants: the strategy is asked once for each failed attempt, and never about a fatal error or a batch that
 * had begun to commit; the error that the job ends with is set once.
 */
export class Failover {
  readonly history = new FailureHistory();
  readonly #jobName: string;
  readonly #strategy: RestartStrategy;
  #restartDue = false;
  #error: WireError | undefined;

  constructor(jobName: string, strategy: RestartStrategy) {
    this.#jobName = jobName;
    this.#strategy = strategy;
  }

  /** Whether the pause before the next attempt is over. */
  get restartDue(): boolean {
    return this.#restartDue;
  }

  /** What the job ends with; undefined while it may go on. */
  get error(): WireError | undefined {
    return this.#error;
  }

  /** True: there is a next attempt. False: the job has failed, and {@link error} says why. */
  onFailure(
    failed: FailedAttempt | undefined,
    error: WireError,
    now: Instant,
    effects: JobEffect[],
  ): boolean {
    const attempt = failed?.number ?? 0;
    const refused = failed?.isCommitting ? COMMITTED : isFatal(error) ? SAME_ERROR : undefined;
    const decision =
      refused === undefined
        ? this.#strategy.onFailure(now.monotonicMs)
        : ({ restart: false, why: refused } as const);
    if (!decision.restart) {
      this.giveUp(attempt, error, decision.why, now, effects);
      return false;
    }
    this.#record(attempt, error, now, effects);
    this.#restartDue = decision.delayMs === 0;
    if (!this.#restartDue) {
      const timer = { name: 'restart-due', id: attempt } as const;
      effects.push({ type: 'arm-timer', timer, delayMs: decision.delayMs });
    }
    traceEvent('job.restarting', { attempt, delayMs: decision.delayMs }, effects);
    return true;
  }

  onRestartDue(): void {
    this.#restartDue = true;
  }

  onDeployed(restoredCheckpointId: number | undefined): void {
    this.#restartDue = false;
    this.history.onRestarted(restoredCheckpointId);
  }

  cancelRestart(attempt: number, effects: JobEffect[]): void {
    effects.push({ type: 'cancel-timer', timer: { name: 'restart-due', id: attempt } });
  }

  giveUp(attempt: number, error: WireError, why: string, now: Instant, effects: JobEffect[]): void {
    this.#record(attempt, error, now, effects);
    this.cancelRestart(attempt, effects);
    this.#error ??= jobFailed(this.#jobName, why, error);
  }

  /** The job goes on elsewhere: that is what it ends with here, whatever else went wrong. */
  onLeadershipLost(error: WireError): void {
    this.#error = error;
  }

  #record(attempt: number, error: WireError, now: Instant, effects: JobEffect[]): void {
    const { code, what, where } = error;
    this.history.add(attempt, error, now);
    traceEvent('job.attempt-failed', { attempt, code, what, operator: where.operator }, effects);
  }
}
