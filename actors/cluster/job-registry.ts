import {
  type AcceptedJob,
  type CheckpointHistory,
  type Clock,
  type FailureHistorySettings,
  invariant,
  type JobConfiguration,
  type JobDetails,
  type JobFailure,
  JobInitialization,
  JobStore,
  type JobStoreLimits,
  type JobView,
  type WireError,
} from '../../core/internal.js';
import type { ClusterMonitor } from './cluster-monitor.js';

interface RegisteredJob {
  readonly view: JobView;
  readonly configuration: JobConfiguration;
  readonly limits: JobStoreLimits;
}

/**
 * The jobs of a cluster, as they can be seen.
 *
 * Invariants: a job is here from its acceptance on; it is initialized, then runs, then has ended, and never goes back;
 * of those that have ended the store's limits say how many stay.
 */
export class JobRegistry implements ClusterMonitor {
  readonly #clock: Clock;
  readonly #initializing = new Map<string, JobInitialization>();
  /** Those that have not ended. */
  readonly #jobs = new Map<string, RegisteredJob>();
  readonly #ended = new JobStore<RegisteredJob>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  accept(job: AcceptedJob, known: Omit<RegisteredJob, 'view'>, failures: FailureHistorySettings): void {
    const initialization = new JobInitialization(job, failures);
    this.#ended.remove(job.jobId);
    this.#initializing.set(job.jobId, initialization);
    this.#jobs.set(job.jobId, { view: initialization.view, ...known });
  }

  /** It has a master. */
  started(jobId: string, view: JobView): void {
    this.#initializing.delete(jobId);
    this.#jobs.set(jobId, { ...this.#registered(jobId), view });
  }

  /** Its initialization has failed. */
  failed(jobId: string, error: WireError): void {
    const initialization = this.#initializing.get(jobId);
    invariant(initialization !== undefined, 'only a job that is being initialized fails without a master', {
      jobId,
    });
    const clock = this.#clock;
    initialization.fail(error, { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() });
    this.ended(jobId);
  }

  /** Nothing happens to it any more. */
  ended(jobId: string): void {
    const job = this.#registered(jobId);
    this.withdraw(jobId);
    this.#ended.add(jobId, job, job.limits, this.#clock.monotonicMs());
  }

  /** There was nothing to do for it: it is not shown. */
  withdraw(jobId: string): void {
    this.#initializing.delete(jobId);
    this.#jobs.delete(jobId);
  }

  knows(jobId: string): boolean {
    return this.#find(jobId) !== undefined;
  }

  jobs(): readonly JobDetails[] {
    return [...this.#jobs.values(), ...this.#ended.all(this.#clock.monotonicMs())].map(({ view }) =>
      view.details(),
    );
  }

  job(jobId: string): JobDetails | undefined {
    return this.#find(jobId)?.view.details();
  }

  checkpoints(jobId: string): CheckpointHistory | undefined {
    return this.#find(jobId)?.view.checkpoints();
  }

  failures(jobId: string): readonly JobFailure[] {
    return this.#find(jobId)?.view.failures() ?? [];
  }

  jobConfiguration(jobId: string): JobConfiguration | undefined {
    return this.#find(jobId)?.configuration;
  }

  accumulators(jobId: string): Readonly<Record<string, unknown>> {
    return this.#find(jobId)?.view.accumulators() ?? {};
  }

  #find(jobId: string): RegisteredJob | undefined {
    return this.#jobs.get(jobId) ?? this.#ended.get(jobId, this.#clock.monotonicMs());
  }

  #registered(jobId: string): RegisteredJob {
    const job = this.#jobs.get(jobId);
    invariant(job !== undefined, 'what happens to a job happens before its end', { jobId });
    return job;
  }
}
