import type { OperatorListHandle } from '../checkpoint/snapshot-handle.js';

/**
 * What an operator is put together of, as far as checkpoints and its end concern it: its user function, its
 * clock, its timers. Calls come as those of the operator do.
 */
export interface OperatorPart {
  /** Its operator lists, frozen. Called before the keyed state is, which it may still change. */
  snapshotState?(checkpointId: number): Readonly<Record<string, OperatorListHandle>>;
  notifyCheckpointComplete?(checkpointId: number): void;
  notifyCheckpointAborted?(checkpointId: number): void;
  /** Idempotent; after a failure too. */
  close?(): void;
}
