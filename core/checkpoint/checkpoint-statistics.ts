/** Numbers of a job's checkpoints, for the live line and the result. */
export interface CheckpointStatistics {
  readonly completed: number;
  /** Aborted for a reason that counts against the tolerable failures. */
  readonly failed: number;
  /** Aborted for another reason. */
  readonly aborted: number;
  readonly pending: number;
  readonly latest: LatestCheckpoint | undefined;
}

export interface LatestCheckpoint {
  readonly checkpointId: number;
  /** Trigger to completion. */
  readonly durationMs: number;
  /** Bytes that it wrote. */
  readonly stateBytes: number;
  /** Of them in-flight data, which an unaligned checkpoint holds. */
  readonly persistedBytes: number;
  /** The longest that a task waited for its barriers, ms. */
  readonly alignmentMs: number;
  /** Wall time of completion. */
  readonly completedMs: number;
}

export const NO_CHECKPOINTS: CheckpointStatistics = {
  completed: 0,
  failed: 0,
  aborted: 0,
  pending: 0,
  latest: undefined,
};
