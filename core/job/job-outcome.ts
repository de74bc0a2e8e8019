import type { Instant } from '../base/instant.js';
import { invariant } from '../base/invariant.js';
import type { WireError } from '../protocol/wire-error.js';
import { jobCanceled } from './job-error.js';
import type { JobOutcome } from './job-protocol.js';
import type { JobView } from './job-view.js';

/** How a job ends of which nothing runs any more. `error`: what it failed of, if it did. */
export function outcomeOf(
  job: JobView,
  error: WireError | undefined,
  leadershipLost: boolean,
  now: Instant,
): JobOutcome {
  const { status, jobName } = job.status();
  if (status === 'RUNNING') return { status: 'FINISHED', result: job.result(now) };
  if (status === 'CANCELLING') return { status: 'CANCELED', error: jobCanceled(jobName) };
  invariant(error !== undefined, 'a job fails for a reason', { status });
  return { status: leadershipLost ? 'SUSPENDED' : 'FAILED', error };
}
