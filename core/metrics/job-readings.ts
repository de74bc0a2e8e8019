import type { CheckpointHistory } from '../checkpoint/checkpoint-history.js';
import type { CheckpointStatistics } from '../checkpoint/checkpoint-statistics.js';
import type { JobDetails } from '../job/job-details.js';
import type { JobStatus } from '../job/job-status.js';
import { gaugeReading, type MetricReading } from './metric-reading.js';

/** States of which it is told whether the job is in them, for how long, and for how long it ever was. */
const TIMED: readonly JobStatus[] = [
  'INITIALIZING',
  'CREATED',
  'RUNNING',
  'RESTARTING',
  'FAILING',
  'CANCELLING',
];

/** Flink's metrics of a job; `history` as its view tells it, `nowMs` is of the wall clock. */
export function jobReadings(
  details: JobDetails,
  checkpoints: CheckpointStatistics,
  history: CheckpointHistory | undefined,
  nowMs: number,
): MetricReading[] {
  const { status, timestamps, spentMs, restarts, deploying } = details;
  const deployingMs = deploying.sinceMs === undefined ? 0 : Math.max(0, nowMs - deploying.sinceMs);
  const inState = (state: JobStatus): number => (state === status ? nowMs - timestamps[state] : 0);
  const { completed, failed, aborted, pending, latest } = checkpoints;
  return [
    gaugeReading('uptime', status === 'RUNNING' ? inState('RUNNING') : details.endMs === undefined ? 0 : -1),
    gaugeReading('downtime', downtimeOf(details, nowMs)),
    gaugeReading('deployingState', deploying.sinceMs === undefined ? 0 : 1),
    gaugeReading('deployingTime', deployingMs),
    gaugeReading('deployingTimeTotal', deploying.spentMs + deployingMs),
    ...TIMED.flatMap((state) => {
      const name = state.toLowerCase();
      return [
        gaugeReading(`${name}State`, state === status ? 1 : 0),
        gaugeReading(`${name}Time`, inState(state)),
        gaugeReading(`${name}TimeTotal`, spentMs[state] + inState(state)),
      ];
    }),
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
    gaugeReading('lastCheckpointFullSize', history?.latestCompleted?.stateBytes ?? -1),
    gaugeReading('lastCheckpointProcessedData', history?.latestCompleted?.processedBytes ?? -1),
    gaugeReading('lastCheckpointExternalPath', history?.latestCompleted?.externalPath ?? 'n/a'),
    gaugeReading('lastCheckpointRestoreTimestamp', history?.restored?.restoredMs ?? -1),
  ];
}

/** For how long a job that is down between two attempts has been; 0: it runs, -1: it has ended. */
function downtimeOf({ status, timestamps, endMs }: JobDetails, nowMs: number): number {
  if (endMs !== undefined) return -1;
  return status === 'RESTARTING' || status === 'FAILING' ? nowMs - timestamps[status] : 0;
}
