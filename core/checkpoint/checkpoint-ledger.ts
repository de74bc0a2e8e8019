import type { Instant } from '../base/instant.js';
import type { WireError } from '../protocol/wire-error.js';
import type { CheckpointConfig } from './checkpoint-config.js';
import { failureMessage, toleranceExceeded } from './checkpoint-error.js';
import { CheckpointFailureCounter } from './checkpoint-failure-counter.js';
import type { CheckpointFailureReason } from './checkpoint-failure-reason.js';
import type { CheckpointHistory } from './checkpoint-history.js';
import type { CheckpointStatistics } from './checkpoint-statistics.js';
import { CheckpointTracker } from './checkpoint-tracker.js';
import { CheckpointsCleaner } from './checkpoints-cleaner.js';
import { CompletedCheckpointStore } from './completed-checkpoint-store.js';
import { cancelTimer, traceEvent } from './coordinator-effects.js';
import type {
  CoordinatorEffect,
  CoordinatorJob,
  CoordinatorVerdict,
  EventOf,
} from './coordinator-protocol.js';
import type { PendingCheckpoint } from './pending-checkpoint.js';
import type { PendingCheckpoints } from './pending-checkpoints.js';
import type { EndedExport } from './savepoint-exports.js';
import type { CheckpointManifest } from './snapshot-handle.js';

/** Why a checkpoint did not complete. */
export interface CheckpointFailure {
  readonly reason: CheckpointFailureReason;
  readonly error?: WireError | undefined;
}

/**
 * What became of a job's checkpoints: the completed ones that are kept, the failures in a row, the figures, and
 * the removal of what nobody needs.
 *
 * Invariant: each checkpoint is entered once, as completed, as exported or as aborted.
 */
export class CheckpointLedger {
  readonly cleaner: CheckpointsCleaner;
  readonly #failures: CheckpointFailureCounter;
  readonly #completed: CompletedCheckpointStore;
  readonly #tracker: CheckpointTracker;
  /** What an earlier process had completed, and where it lies. */
  readonly #begunFrom: { readonly checkpointId: number | undefined; readonly path: string | undefined };

  constructor(
    config: CheckpointConfig,
    { restored, restoredFrom }: CoordinatorJob,
    pending: PendingCheckpoints,
  ) {
    this.#begunFrom = { checkpointId: restored?.checkpointId, path: restoredFrom };
    this.#tracker = new CheckpointTracker(config.historySize);
    this.#failures = new CheckpointFailureCounter(config.tolerableFailedCheckpoints);
    this.#completed = new CompletedCheckpointStore(config.numRetained);
    this.cleaner = new CheckpointsCleaner(this.#completed, config.numRetained, pending);
    if (restored !== undefined) this.#completed.add(restored);
  }

  get latest(): CheckpointManifest | undefined {
    return this.#completed.latest;
  }

  /** The newest completed one, from which an attempt begins now. */
  restore(now: Instant): CheckpointManifest | undefined {
    const manifest = this.#completed.latest;
    if (manifest === undefined) return undefined;
    const { checkpointId, kind } = manifest;
    const isSavepoint = kind === 'savepoint';
    const begunFrom = this.#begunFrom.checkpointId === checkpointId ? this.#begunFrom.path : undefined;
    const externalPath = this.#tracker.pathOf(checkpointId) ?? begunFrom;
    this.#tracker.onRestored({ checkpointId, restoredMs: now.wallMs, isSavepoint, externalPath });
    return manifest;
  }

  triggered({ recording }: PendingCheckpoint): void {
    this.#tracker.onTriggered(recording);
  }

  /** Whatever becomes of it, it is of no more interest here. */
  lost({ recording }: PendingCheckpoint, message: string, now: Instant): void {
    this.#tracker.onFailed(recording, message, now);
  }

  /** How the storage answered the cleaner. */
  cleaned(event: EventOf<'checkpoints-retained' | 'files-discarded'>, effects: CoordinatorEffect[]): void {
    this.cleaner.handle(event, effects);
    if (event.type === 'checkpoints-retained' && event.error === undefined)
      this.#tracker.onDiscardedBelow(this.#completed.oldestId);
  }

  get history(): CheckpointHistory {
    return this.#tracker.history;
  }

  statistics(pendingCount: number): CheckpointStatistics {
    return this.#tracker.statistics(pendingCount);
  }

  completed(
    pending: PendingCheckpoint,
    manifest: CheckpointManifest,
    now: Instant,
    effects: CoordinatorEffect[],
  ): void {
    const { checkpointId, recording } = pending;
    pending.to('COMPLETED');
    this.#tracker.onCompleted(recording, undefined, now);
    this.#completed.add(manifest);
    this.#failures.onSuccess(checkpointId);
    const { durationMs, checkpointedBytes, persistedBytes } = recording.record;
    const { alignmentMs } = recording;
    const figures = { durationMs, stateBytes: checkpointedBytes, persistedBytes, alignmentMs };
    this.#tracker.countCompleted({ checkpointId, ...figures, completedMs: now.wallMs });
    traceEvent('checkpoint.completed', { checkpointId, ...figures }, effects);
    cancelTimer('checkpoint-timeout', checkpointId, effects);
  }

  /** A savepoint was copied, or the copy failed. What lies in the job's own storage of an ordinary one is nobody's. */
  exported({ pending, path, error }: EndedExport, now: Instant): void {
    const { recording, stop } = pending;
    if (stop === undefined) {
      this.#abandon(pending);
      if (path === undefined) this.#tracker.onFailed(recording, error?.what ?? 'It was not copied.', now);
      else this.#tracker.onCompleted(recording, path, now);
    } else if (path !== undefined) recording.liesAt(path);
  }

  /** What the job is to do about it, if too many in a row have failed. */
  aborted(
    pending: PendingCheckpoint,
    { reason, error }: CheckpointFailure,
    now: Instant,
    effects: CoordinatorEffect[],
  ): CoordinatorVerdict | undefined {
    const { checkpointId } = pending;
    pending.to('ABORTED');
    this.#abandon(pending);
    this.#tracker.countAborted(reason);
    this.#tracker.onFailed(pending.recording, failureMessage(reason, error), now);
    traceEvent('checkpoint.aborted', { checkpointId, reason, error: error?.what }, effects);
    cancelTimer('checkpoint-timeout', checkpointId, effects);
    if (!this.#failures.onFailure(checkpointId, reason)) return undefined;
    return { type: 'fail-job', error: toleranceExceeded(checkpointId, reason, error), fatal: false };
  }

  #abandon(pending: PendingCheckpoint): void {
    for (const snapshot of pending.snapshots()) this.cleaner.abandon(pending.checkpointId, snapshot);
  }
}
