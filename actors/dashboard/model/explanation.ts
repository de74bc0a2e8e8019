/** Ours: why nothing comes out; event time at each operator of a job, at one moment, as the REST interface tells it. */
export interface Explanation {
  readonly jobName: string;
  readonly atMs: number;
  /** In the order of the job, then by subtask. */
  readonly operators: readonly ExplainedOperator[];
  /** Tasks that gave no answer in time: `name (1/2)`. */
  readonly silent: readonly string[];
}

export interface ExplainedOperator {
  readonly uid: string;
  readonly name: string;
  /** Place of the operator's vertex in the job. */
  readonly vertexId: number;
  readonly subtask: number;
  readonly parallelism: number;
  readonly watermark: number;
  /** Wall time since when it stands there, ms. */
  readonly sinceMs: number;
  readonly idle: boolean;
  readonly heldBackBy: readonly Holder[];
}

/** Who holds a watermark back. */
export type Holder =
  | {
      readonly kind: 'channel';
      readonly name: string;
      readonly vertexId: number;
      readonly subtask: number;
      readonly parallelism: number;
    }
  | { readonly kind: 'operator'; readonly uid: string; readonly name: string }
  | { readonly kind: 'split'; readonly splitId: string; readonly watermark: number }
  | { readonly kind: 'alignment'; readonly group: string }
  | { readonly kind: 'records' };
