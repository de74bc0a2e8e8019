import type { WireError } from '../protocol/wire-error.js';

/** One change of a running job's parallelism. Plain data. */
export interface RescaleRecord {
  /** First attempt at the new parallelism. */
  readonly attempt: number;
  /** Wall times: when it was asked for, when the attempt before was taken down, when all tasks ran again. */
  readonly requestedMs: number;
  readonly takenDownMs: number;
  readonly runningMs: number;
  /** From the attempt's being taken down to all tasks of the next one running, ms. */
  readonly downMs: number;
  /** What it went on from; undefined: from the beginning. */
  readonly restoredCheckpointId: number | undefined;
  /** By vertex id. */
  readonly vertices: readonly { readonly former: number; readonly present: number }[];
}

/** `rescale`: undefined where the job had that parallelism already. `completed: false`: it goes on as it was. */
export type RescaleOutcome =
  | { readonly completed: true; readonly rescale: RescaleRecord | undefined }
  | { readonly completed: false; readonly error: WireError };
