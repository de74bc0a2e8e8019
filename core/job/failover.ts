import type { Instant } from '../base/instant.js';
import { traceEvent } from '../checkpoint/coordinator-effects.js';
import type { WireError } from '../protocol/wire-error.js';
import type { Attempt } from './attempt.js';
import { type Failure, FailureHistory } from './failure-history.js';
import { isFatal, jobFailed } from './job-error.js';
import type { JobEffect, JobMasterJob } from './job-protocol.js';
import type { RestartStrategy } from './restart-strategy.js';

const SAME_ERROR = 'The next attempt would meet the same error.';
const COMMITTED =
  'Its sinks had begun to commit: a next attempt would begin anew, and commit what was committed once more.';

type FailedAttempt = Pick<Attempt, 'number' | 'isCommitting'>;

/**
 * What follows on failures: a restart and when, or the end and why.
 *
 * Invariants: the strategy is asked once for each restart, which what fails meanwhile joins, and never about a fatal
 * error or a batch that had begun to commit; the error that the job ends with is set once.
 */
export class Failover {
  readonly history: FailureHistory;
  readonly #jobName: string;
  readonly #strategy: RestartStrategy;
  #restartDue = false;
  #isRescaling = false;
  #error: WireError | undefined;

  constructor(job: JobMasterJob, strategy: RestartStrategy) {
    const { jobId, graph, failures } = job;
    this.history = new FailureHistory({ jobId, jobName: graph.name }, failures);
    this.#jobName = graph.name;
    this.#strategy = strategy;
  }

  /** Whether the pause before the next attempt is over. */
  get restartDue(): boolean {
    return this.#restartDue;
  }

  /** The attempt was not taken down for a failure. */
  get isRescaling(): boolean {
    return this.#isRescaling;
  }

  /** What the job ends with; undefined while it may go on. */
  get error(): WireError | undefined {
    return this.#error;
  }

  /** True: there is a next attempt. False: the job has failed, and {@link error} says why. */
  onFailure(
    failed: FailedAttempt | undefined,
    failure: Failure,
    now: Instant,
    effects: JobEffect[],
  ): boolean {
    const attempt = failed?.number ?? 0;
    const refused = failed?.isCommitting ? COMMITTED : isFatal(failure.error) ? SAME_ERROR : undefined;
    const decision =
      refused === undefined
        ? this.#strategy.onFailure(now.monotonicMs)
        : ({ restart: false, why: refused } as const);
    if (!decision.restart) {
      this.giveUp(attempt, failure, decision.why, now, effects);
      return false;
    }
    this.#record(attempt, failure, now, effects);
    this.#restartDue = decision.delayMs === 0;
    if (!this.#restartDue) {
      const timer = { name: 'restart-due', id: attempt } as const;
      effects.push({ type: 'arm-timer', timer, delayMs: decision.delayMs });
    }
    traceEvent('job.restarting', { attempt, delayMs: decision.delayMs }, effects);
    return true;
  }

  /** What goes wrong with an attempt that is going down is of no account where that was wanted. */
  onConcurrent(failure: Failure, now: Instant): void {
    if (!this.#isRescaling) this.history.addConcurrent(failure, now);
  }

  /** These tasks go down for the next attempt. */
  onRestarting(tasks: readonly string[]): void {
    if (!this.#isRescaling) this.history.onRestarting(tasks);
  }

  onRestartDue(): void {
    this.#restartDue = true;
  }

  /** The next attempt is due as soon as nothing runs, and no failure is the reason. */
  onRescale(): void {
    this.#restartDue = true;
    this.#isRescaling = true;
  }

  onDeployed(restoredCheckpointId: number | undefined): void {
    this.#restartDue = false;
    if (!this.#isRescaling) this.history.onRestarted(restoredCheckpointId);
    this.#isRescaling = false;
  }

  cancelRestart(attempt: number, effects: JobEffect[]): void {
    effects.push({ type: 'cancel-timer', timer: { name: 'restart-due', id: attempt } });
  }

  giveUp(attempt: number, failure: Failure, why: string, now: Instant, effects: JobEffect[]): void {
    this.#record(attempt, failure, now, effects);
    this.cancelRestart(attempt, effects);
    this.#error ??= jobFailed(this.#jobName, why, failure.error);
  }

  /** The job goes on elsewhere: that is what it ends with here, whatever else went wrong. */
  onLeadershipLost(error: WireError): void {
    this.#error = error;
  }

  #record(attempt: number, failure: Failure, now: Instant, effects: JobEffect[]): void {
    const { code, what, where } = failure.error;
    this.history.add(attempt, failure, now);
    traceEvent('job.attempt-failed', { attempt, code, what, operator: where.operator }, effects);
  }
}
