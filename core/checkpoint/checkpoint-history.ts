/** What became of a job's checkpoints in this process, newest first. Plain data. */
export interface CheckpointHistory {
  readonly counts: CheckpointCounts;
  /** Of all that have completed. */
  readonly summary: CheckpointFigures;
  /** What the present attempt began from. */
  readonly restored: RestoredCheckpoint | undefined;
  readonly latestCompleted: CheckpointRecord | undefined;
  readonly latestSavepoint: CheckpointRecord | undefined;
  readonly latestFailed: CheckpointRecord | undefined;
  /** Newest first; at most `web.checkpoints.history`. */
  readonly history: readonly CheckpointRecord[];
}

export interface CheckpointCounts {
  /** Attempts that began from one. */
  readonly restored: number;
  /** Begun in all. */
  readonly total: number;
  readonly inProgress: number;
  readonly completed: number;
  readonly failed: number;
}

/** Percentiles are not numbers (NaN) where there was nothing yet. */
export interface StatsSummary {
  readonly min: number;
  readonly max: number;
  readonly avg: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
}

/** What completed checkpoints were like. */
export interface CheckpointFigures {
  readonly checkpointedBytes: StatsSummary;
  readonly stateBytes: StatsSummary;
  readonly durationMs: StatsSummary;
  readonly processedBytes: StatsSummary;
  readonly persistedBytes: StatsSummary;
}

export interface RestoredCheckpoint {
  readonly checkpointId: number;
  /** Wall time, ms. */
  readonly restoredMs: number;
  readonly isSavepoint: boolean;
  /** Where it lies, as `-s` takes it; undefined where that is not known here. */
  readonly externalPath: string | undefined;
}

/** One checkpoint at one moment. Times are of the wall clock, in ms. */
export interface CheckpointRecord {
  readonly checkpointId: number;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  /** A SYNC_SAVEPOINT is one with which the job ends. */
  readonly type: 'CHECKPOINT' | 'UNALIGNED_CHECKPOINT' | 'SAVEPOINT' | 'SYNC_SAVEPOINT';
  readonly triggerMs: number;
  /** Undefined: no task has acknowledged it. */
  readonly latestAckMs: number | undefined;
  /** From the trigger to its end; while it is under way, to the newest acknowledgement. */
  readonly durationMs: number;
  /** Bytes that it wrote. */
  readonly checkpointedBytes: number;
  /** Bytes that it refers to, of older checkpoints too. */
  readonly stateBytes: number;
  /** Bytes that tasks processed while they waited for barriers. */
  readonly processedBytes: number;
  /** In-flight data that it holds. */
  readonly persistedBytes: number;
  /** Where it lies, once it is complete. */
  readonly externalPath: string | undefined;
  /** It is not kept any more. */
  readonly discarded: boolean;
  readonly failure: { readonly failedMs: number; readonly message: string } | undefined;
  /** By vertex id. */
  readonly tasks: readonly VertexCheckpoint[];
}

export interface VertexCheckpoint {
  readonly vertexId: number;
  /** By subtask; undefined: it has not acknowledged. */
  readonly subtasks: readonly (SubtaskCheckpoint | undefined)[];
}

/** What one task said of its snapshot. */
export interface SubtaskCheckpoint {
  readonly subtask: number;
  /** Wall time. */
  readonly ackMs: number;
  /** From the trigger to the acknowledgement. */
  readonly durationMs: number;
  /** The task took no records. */
  readonly syncMs: number;
  /** Written beside records. */
  readonly asyncMs: number;
  /** From the first barrier, or word of it, to the snapshot. */
  readonly alignmentMs: number;
  /** From the trigger to the first barrier, or word of it. */
  readonly startDelayMs: number;
  readonly checkpointedBytes: number;
  readonly stateBytes: number;
  readonly processedBytes: number;
  readonly persistedBytes: number;
  /** It overtook what was under way. */
  readonly unaligned: boolean;
}
