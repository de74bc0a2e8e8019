import type { Instant } from '../base/instant.js';
import type { WireError } from '../protocol/wire-error.js';
import type { CheckpointConfig } from './checkpoint-config.js';
import { toleranceExceeded } from './checkpoint-error.js';
import { CheckpointFailureCounter } from './checkpoint-failure-counter.js';
import type { CheckpointFailureReason } from './checkpoint-failure-reason.js';
import { type CheckpointStatistics, CheckpointTracker } from './checkpoint-statistics.js';
import { CheckpointsCleaner } from './checkpoints-cleaner.js';
import { CompletedCheckpointStore } from './completed-checkpoint-store.js';
import { cancelTimer, traceEvent } from './coordinator-effects.js';
import type { CoordinatorEffect, CoordinatorVerdict } from './coordinator-protocol.js';
import type { PendingCheckpoint } from './pending-checkpoint.js';
import type { CheckpointManifest } from './snapshot-handle.js';

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
  readonly #tracker = new CheckpointTracker();

  constructor(config: CheckpointConfig, restored: CheckpointManifest | undefined) {
    this.#failures = new CheckpointFailureCounter(config.tolerableFailedCheckpoints);
    this.#completed = new CompletedCheckpointStore(config.numRetained);
    this.cleaner = new CheckpointsCleaner(this.#completed, config.numRetained);
    if (restored !== undefined) this.#completed.add(restored);
  }

  get latest(): CheckpointManifest | undefined {
    return this.#completed.latest;
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
    const { checkpointId, triggered, stateBytes, persistedBytes, alignmentMs } = pending;
    pending.to('COMPLETED');
    this.#completed.add(manifest);
    this.#failures.onSuccess(checkpointId);
    const durationMs = now.monotonicMs - triggered.monotonicMs;
    const figures = { durationMs, stateBytes, persistedBytes, alignmentMs };
    this.#tracker.onCompleted({ checkpointId, ...figures, completedMs: now.wallMs });
    traceEvent('checkpoint.completed', { checkpointId, ...figures }, effects);
    cancelTimer('checkpoint-timeout', checkpointId, effects);
  }

  /** What lies in the job's own storage of an ordinary savepoint belongs to nobody once it was copied. */
  exported(pending: PendingCheckpoint): void {
    this.#abandon(pending);
  }

  /** What the job is to do about it, if too many in a row have failed. */
  aborted(
    pending: PendingCheckpoint,
    reason: CheckpointFailureReason,
    error: WireError | undefined,
    effects: CoordinatorEffect[],
  ): CoordinatorVerdict | undefined {
    const { checkpointId } = pending;
    pending.to('ABORTED');
    this.#abandon(pending);
    this.#tracker.onAborted(reason);
    traceEvent('checkpoint.aborted', { checkpointId, reason, error: error?.what }, effects);
    cancelTimer('checkpoint-timeout', checkpointId, effects);
    if (!this.#failures.onFailure(checkpointId, reason)) return undefined;
    return { type: 'fail-job', error: toleranceExceeded(checkpointId, reason, error), fatal: false };
  }

  #abandon(pending: PendingCheckpoint): void {
    for (const snapshot of pending.snapshots()) this.cleaner.abandon(pending.checkpointId, snapshot);
  }
}
