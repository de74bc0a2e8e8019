import type { RunningJob } from '../cluster/job-master-actor.js';
import type { AdaptiveScheduler } from './adaptive-scheduler.js';
import type { CollectedValues } from './collected-values.js';
import type { JobCounters } from './job-counters.js';
import type { JobHome } from './job-home.js';
import type { JobRescaler } from './job-rescaler.js';
import type { JobLog } from './logs/job-log.js';
import type { ThreadTaskLauncher } from './thread-task-launcher.js';

/** A job and what a control plane holds for it. */
export interface HostedJob {
  readonly name: string;
  readonly running: RunningJob;
  readonly launcher: ThreadTaskLauncher;
  readonly rescaler: JobRescaler;
  readonly home: JobHome;
  readonly collected: CollectedValues;
  readonly counters: JobCounters;
  readonly log: JobLog;
  /** Undefined: it is not adaptive. */
  readonly scheduler: AdaptiveScheduler | undefined;
}

/** Gives back what an ended job held. Called again it waits for the same. */
export async function leave(job: HostedJob): Promise<void> {
  job.scheduler?.close();
  await job.launcher.close();
  await job.log.close();
  await job.home.release();
}
