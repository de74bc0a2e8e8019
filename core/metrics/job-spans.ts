import type { CheckpointHistory, CheckpointRecord } from '../checkpoint/checkpoint-history.js';
import type { JobDetails, SubtaskDetails } from '../job/job-details.js';

/** Something of a job that took its time, with Flink's names. Times are of the wall clock, ms. Plain data. */
export interface JobSpan {
  readonly name: 'Checkpoint' | 'JobInitialization';
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/**
 * What of a job has come to its end since it was looked at last: checkpoints, and attempts that have come to run.
 *
 * Invariant: a checkpoint and an attempt are told of once; of checkpoints those that the history still shows.
 */
export class JobSpans {
  #told = new Set<number>();
  #toldAttempt = 0;

  /** Oldest first. */
  collect(details: JobDetails, history: CheckpointHistory | undefined): JobSpan[] {
    const spans: JobSpan[] = [];
    const initialized = initializationSpan(details, history);
    if (initialized !== undefined && details.attempt > this.#toldAttempt) {
      this.#toldAttempt = details.attempt;
      spans.push(initialized);
    }
    const shown = new Set<number>();
    for (const record of endedOf(history)) {
      if (!this.#told.has(record.checkpointId) && !shown.has(record.checkpointId))
        spans.push(checkpointSpan(details, record));
      shown.add(record.checkpointId);
    }
    this.#told = shown;
    return spans.sort((a, b) => a.startMs - b.startMs);
  }
}

function endedOf(history: CheckpointHistory | undefined): CheckpointRecord[] {
  if (history === undefined) return [];
  const all = [...history.history, history.latestCompleted, history.latestSavepoint, history.latestFailed];
  return all.filter(
    (record) => record !== undefined && record.status !== 'IN_PROGRESS',
  ) as CheckpointRecord[];
}

function checkpointSpan({ jobId, jobName }: JobDetails, record: CheckpointRecord): JobSpan {
  const { triggerMs, durationMs, failure, type } = record;
  return {
    name: 'Checkpoint',
    startMs: triggerMs,
    endMs: failure?.failedMs ?? triggerMs + durationMs,
    attributes: {
      jobId,
      jobName,
      checkpointId: record.checkpointId,
      checkpointStatus: record.status,
      checkpointType: type,
      isUnaligned: type === 'UNALIGNED_CHECKPOINT',
      checkpointedSize: record.checkpointedBytes,
      fullSize: record.stateBytes,
      ...(failure === undefined ? {} : { failureMessage: failure.message }),
    },
  };
}

/** From the first task of the newest attempt that was given to a thread to the last one that ran, if all have. */
function initializationSpan(
  { jobId, jobName, attempt, vertices }: JobDetails,
  history: CheckpointHistory | undefined,
): JobSpan | undefined {
  const tasks = vertices.flatMap(({ subtasks }) => subtasks.filter((task) => task.attempt === attempt));
  const deployed = tasks.map(({ timestamps }) => timestamps.DEPLOYING).filter((atMs) => atMs > 0);
  const running = tasks.map(({ timestamps }) => timestamps.RUNNING);
  if (deployed.length === 0 || running.includes(0)) return undefined;
  const restored = history?.restored;
  const bytes = [...(history?.history ?? []), history?.latestCompleted].find(
    (record) => record?.checkpointId === restored?.checkpointId,
  )?.stateBytes;
  return {
    name: 'JobInitialization',
    startMs: Math.min(...deployed),
    endMs: Math.max(...running),
    attributes: {
      jobId,
      jobName,
      attempt,
      initializationStatus: 'COMPLETED',
      ...(restored === undefined ? {} : { checkpointId: restored.checkpointId }),
      ...(bytes === undefined ? {} : { fullSize: bytes }),
      ...maxAndSum('MailboxStartDurationMs', tasks, 'DEPLOYING', 'INITIALIZING'),
      ...maxAndSum('InitializeStateDurationMs', tasks, 'INITIALIZING', 'RUNNING'),
    },
  };
}

/** How long tasks were in a state, at most and in all. */
function maxAndSum(
  name: string,
  tasks: readonly SubtaskDetails[],
  from: 'DEPLOYING' | 'INITIALIZING',
  to: 'INITIALIZING' | 'RUNNING',
): Readonly<Record<string, number>> {
  const durations = tasks.map(({ timestamps }) => timestamps[to] - timestamps[from]);
  return {
    [`Max${name}`]: Math.max(...durations),
    [`Sum${name}`]: durations.reduce((sum, ms) => sum + ms, 0),
  };
}
