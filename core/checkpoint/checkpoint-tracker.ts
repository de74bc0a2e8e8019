import type { Instant } from '../base/instant.js';
import { CHECKPOINT_FAILURE_REASONS, type CheckpointFailureReason } from './checkpoint-failure-reason.js';
import type { CheckpointHistory, RestoredCheckpoint } from './checkpoint-history.js';
import type { CheckpointRecording } from './checkpoint-recording.js';
import type { CheckpointStatistics, LatestCheckpoint } from './checkpoint-statistics.js';
import { CheckpointSummary } from './checkpoint-summary.js';

/**
 * The checkpoints of a job as they are seen: how many, the newest ones with all that is known of them, and what is
 * usual.
 *
 * Invariants: a checkpoint under way is never forgotten; of the others the newest stay, and the latest of each outcome.
 */
export class CheckpointTracker {
  readonly #historySize: number;
  /** Oldest first. */
  #recordings: CheckpointRecording[] = [];
  readonly #summary = new CheckpointSummary();
  readonly #counts = { restored: 0, total: 0, completed: 0, failed: 0 };
  #latestCompleted: CheckpointRecording | undefined;
  #latestSavepoint: CheckpointRecording | undefined;
  #latestFailed: CheckpointRecording | undefined;
  #restored: RestoredCheckpoint | undefined;
  /** Ordinary savepoints are none of these. */
  readonly #checkpoints = { completed: 0, failed: 0, aborted: 0 };
  #latest: LatestCheckpoint | undefined;

  /** `historySize`: how many that have ended are shown. */
  constructor(historySize: number) {
    this.#historySize = historySize;
  }

  onTriggered(recording: CheckpointRecording): void {
    this.#counts.total++;
    this.#recordings.push(recording);
    this.#trim();
  }

  /** Where a checkpoint of this process lies that is still shown. */
  pathOf(checkpointId: number): string | undefined {
    const shown = [this.#latestCompleted, ...this.#recordings];
    return shown.find((recording) => recording?.checkpointId === checkpointId)?.record.externalPath;
  }

  onRestored(restored: RestoredCheckpoint): void {
    this.#counts.restored++;
    this.#restored = restored;
  }

  /** It is complete: of an ordinary savepoint, `path` says where. */
  onCompleted(recording: CheckpointRecording, path: string | undefined, now: Instant): void {
    recording.completed(now);
    if (path !== undefined) recording.liesAt(path);
    this.#counts.completed++;
    this.#latestCompleted = recording;
    if (recording.isSavepoint) this.#latestSavepoint = recording;
    this.#summary.add(recording.record);
    this.#trim();
  }

  onFailed(recording: CheckpointRecording, message: string, now: Instant): void {
    recording.failed(message, now);
    this.#counts.failed++;
    this.#latestFailed = recording;
    this.#trim();
  }

  /** Checkpoints below are not kept any more; savepoints are their owners'. */
  onDiscardedBelow(checkpointId: number): void {
    const shown = new Set([...this.#recordings, this.#latestCompleted]);
    for (const recording of shown) if (recording?.isKeptBelow(checkpointId) === true) recording.discarded();
  }

  /** What counts as one of the job's checkpoints. */
  countCompleted(latest: LatestCheckpoint): void {
    this.#checkpoints.completed++;
    this.#latest = latest;
  }

  countAborted(reason: CheckpointFailureReason): void {
    if (CHECKPOINT_FAILURE_REASONS[reason].counted) this.#checkpoints.failed++;
    else this.#checkpoints.aborted++;
  }

  statistics(pending: number): CheckpointStatistics {
    return { ...this.#checkpoints, pending, latest: this.#latest };
  }

  get history(): CheckpointHistory {
    const { restored, total, completed, failed } = this.#counts;
    return {
      counts: { restored, total, inProgress: total - completed - failed, completed, failed },
      summary: this.#summary.summarize(),
      restored: this.#restored,
      latestCompleted: this.#latestCompleted?.record,
      latestSavepoint: this.#latestSavepoint?.record,
      latestFailed: this.#latestFailed?.record,
      history: this.#recordings.map(({ record }) => record).reverse(),
    };
  }

  #trim(): void {
    let surplus = this.#recordings.length - this.#historySize;
    this.#recordings = this.#recordings.filter(({ status }) => status === 'IN_PROGRESS' || --surplus < 0);
  }
}
