import type { RescaleRecord, ResourceRequirements, WireError } from '../../core/internal.js';

/** A wish for another parallelism. Plain data. */
export interface RescaleRequest {
  /**
   * One for all vertices whose parallelism the job does not name itself; or bounds by vertex id, where those that are
   * left out keep theirs.
   */
  readonly parallelism: number | ResourceRequirements;
  /** Whether the answer comes when all tasks run so; otherwise it comes when nothing speaks against it. */
  readonly waits: boolean;
}

/** `rescale`: undefined where the job had that parallelism. `failed`: it goes on as it was. */
export type RescaleAnswer =
  | { readonly type: 'accepted' }
  | { readonly type: 'rescaled'; readonly rescale: RescaleReport | undefined }
  | { readonly type: 'failed'; readonly error: WireError };

/** What a rescale has done to a job. Plain data. */
export interface RescaleReport extends RescaleRecord {
  /** From the end of the former tasks to the first record of the new ones, ms; undefined: none came soon. */
  readonly pauseMs: number | undefined;
}
