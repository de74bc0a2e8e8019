import type { CheckpointStatistics } from '../checkpoint/checkpoint-statistics.js';
import type { JobDetails } from '../job/job-details.js';
import type { JobStatus } from '../job/job-status.js';
import { gaugeReading, type MetricReading } from './metric-reading.js';

/** States of which it is told for how long the job is in them, or -1: Flink's names. */
const TIMED: Readonly<Partial<Record<JobStatus, string>>> = {
  INITIALIZING: 'initializingTime',
  CREATED: 'createdTime',
  RESTARTING: 'restartingTime',
  FAILING: 'failingTime',
  CANCELLING: 'cancellingTime',
};

/** Flink's metrics of a job; `nowMs` is of the wall clock. */
export function jobReadings(
  details: JobDetails,
  checkpoints: CheckpointStatistics,
  nowMs: number,
): MetricReading[] {
  const { status, timestamps, restarts } = details;
  const inState = (state: JobStatus): number => (state === status ? nowMs - timestamps[state] : 0);
  const { completed, failed, aborted, pending, latest } = checkpoints;
  return [
    gaugeReading('uptime', status === 'RUNNING' ? inState('RUNNING') : details.endMs === undefined ? 0 : -1),
    gaugeReading('downtime', downtimeOf(details, nowMs)),
    gaugeReading('runningTime', inState('RUNNING')),
    ...Object.entries(TIMED).map(([state, name]) => gaugeReading(name, inState(state as JobStatus))),
    gaugeReading('numRestarts', restarts),
    gaugeReading('fullRestarts', restarts),
    gaugeReading('totalNumberOfCheckpoints', completed + failed + aborted + pending),
    gaugeReading('numberOfInProgressCheckpoints', pending),
    gaugeReading('numberOfCompletedCheckpoints', completed),
    gaugeReading('numberOfFailedCheckpoints', failed + aborted),
    gaugeReading('lastCompletedCheckpointId', latest?.checkpointId ?? -1),
    gaugeReading('lastCheckpointDuration', latest?.durationMs ?? -1),
    gaugeReading('lastCheckpointSize', latest?.stateBytes ?? -1),
    gaugeReading('lastCheckpointPersistedData', latest?.persistedBytes ?? -1),
    gaugeReading('lastCheckpointCompletedTimestamp', latest?.completedMs ?? -1),
  ];
}

/** For how long a job that is down between two attempts has been; 0: it runs, -1: it has ended. */
function downtimeOf({ status, timestamps, endMs }: JobDetails, nowMs: number): number {
  if (endMs !== undefined) return -1;
  return status === 'RESTARTING' || status === 'FAILING' ? nowMs - timestamps[status] : 0;
}
