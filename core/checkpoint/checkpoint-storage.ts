import type { SnapshotWriter, StateFileHandle, StateFileReader } from '../ports/keyed-state-store.js';
import type { CheckpointManifest } from './snapshot-handle.js';

/**
 * Durable checkpoints of one run of one job, as its leader sees them. One implementation stands over any
 * object store.
 *
 * The completed checkpoints are a numbered log: `complete` claims the next slot by create-if-absent, so a
 * checkpoint is completed exactly when its slot exists. Who finds the slot taken by another epoch has lost
 * the leadership: `complete` rejects with MR8003, and that leader must stop and notify nobody.
 */
export interface CheckpointStorage extends StateFileReader {
  /** The leader's epoch: greater than that of every earlier process that ran this job. */
  readonly epoch: number;
  /** For one subtask and one checkpoint. `owner` is `<uid>-<subtask>`; `attempt` keeps zombies apart. */
  writerFor(checkpointId: number, attempt: number, owner: string): SnapshotWriter;
  /**
   * Makes the checkpoint complete, durably. Rejects with MR8003 when fenced off. Any other rejection leaves
   * the outcome unknown: `resolveUnknown` tells it.
   *
   * @returns where it lies, as `-s` takes it; undefined where nobody could reach it
   */
  complete(manifest: CheckpointManifest): Promise<string | undefined>;
  /** After `complete` rejected with anything but MR8003: true if the checkpoint is in the log after all. */
  resolveUnknown(checkpointId: number): Promise<boolean>;
  /**
   * The newest readable completed checkpoint, or undefined if no slot was ever claimed. An unreadable newest
   * one is passed over, told by `onUnreadable` (with id 0 where not even that can be read). Rejects with
   * MR3005 if slots exist and none is readable, MR8003 if somebody else has taken the lead.
   */
  latest(
    onUnreadable: (checkpointId: number, error: unknown) => void,
  ): Promise<CheckpointManifest | undefined>;
  /**
   * Keeps the newest `count` completed checkpoints and the files they name; removes the rest. A file goes
   * when two calls in a row have found it named by nothing that is kept, and none of the checkpoints is under way
   * any more that were so at the first one, since their snapshots may still build on it; files of checkpoints
   * newer than the newest completed one stay.
   *
   * @param underWay checkpoints that have been triggered, and are neither completed nor aborted
   */
  retain(count: number, underWay: readonly number[]): Promise<void>;
  /**
   * Removes data files that the aborted checkpoint wrote. Files of other checkpoints stay, and those that a
   * completed one names. A later checkpoint that names a removed file is refused by `complete` (MR3007).
   */
  discard(checkpointId: number, files: readonly StateFileHandle[]): Promise<void>;
  /**
   * Copies the checkpoint, whose files lie in this storage, into a new folder below `folder`: self-contained and
   * relocatable, since its files are named relative to it. The files are not removed meanwhile, whatever
   * retention says. Rejects with MR3007 if one is gone already, or with what the copying met; what was copied
   * by then stays, without the `_metadata` that makes it a savepoint.
   *
   * @returns the path of the savepoint, as `-s` takes it
   */
  exportSavepoint(manifest: CheckpointManifest, folder: string): Promise<string>;
  /**
   * Records the result, durably, then removes the checkpoints (unless they are to be kept). A rejection leaves
   * open whether it was recorded; asked again with the same result, it is recorded once.
   */
  finish(result: StoredJobResult, keepCheckpoints: boolean): Promise<void>;
}

export interface StoredJobResult {
  readonly state: 'FINISHED' | 'FAILED' | 'CANCELED';
  readonly finishedMs: number;
  readonly message?: string;
  /** The savepoint that it was stopped with: what goes on from there is another run. */
  readonly savepointPath?: string;
}
