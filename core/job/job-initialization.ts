import type { Instant } from '../base/instant.js';
import type { WireError } from '../protocol/wire-error.js';
import { FailureHistory, type FailureHistorySettings } from './failure-history.js';
import { type AcceptedJob, JobRecord } from './job-record.js';
import { JobView } from './job-view.js';
import { RescaleProgress } from './rescale-progress.js';
import { SavepointStop } from './savepoint-stop.js';
import { SlotClaim } from './slot-claim.js';

/**
 * A job that was accepted and has no master yet: where it keeps its checkpoints is being asked what it goes on from.
 *
 * Invariant: it is INITIALIZING until it has failed; a job that goes on is looked at through its master.
 */
export class JobInitialization {
  readonly view: JobView;
  readonly #record: JobRecord;
  readonly #history: FailureHistory;

  constructor(job: AcceptedJob, failures: FailureHistorySettings) {
    this.#history = new FailureHistory({ jobId: job.jobId, jobName: job.graph.name }, failures);
    this.#record = new JobRecord(job);
    this.view = new JobView({
      job,
      record: this.#record,
      coordinator: undefined,
      rescale: new RescaleProgress(job.graph.name, new SlotClaim(undefined)),
      stop: new SavepointStop(),
      history: this.#history,
    });
  }

  fail(error: WireError, now: Instant): void {
    this.#history.add(0, { error }, now);
    this.#record.to('FAILED', now, []);
    this.view.close();
  }
}
