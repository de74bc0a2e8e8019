/** What a source sends at intervals to have its way through the job measured. Plain data. */
export interface LatencyMarker {
  /** When it was sent, wall time. */
  readonly markedMs: number;
  /** The vertex that its source is the head of, and the subtask there. */
  readonly sourceVertexId: number;
  readonly sourceSubtask: number;
}
