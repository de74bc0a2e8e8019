/** One entry of a job's log, as retention sees it. */
export interface LoggedSlot {
  readonly slot: number;
  /** Number of the slot that began the run. */
  readonly run: number;
  /** The completed checkpoint in it; undefined for other entries and for one that cannot be read. */
  readonly checkpointId: number | undefined;
  /** Data files that the checkpoint names. */
  readonly fileKeys: readonly string[];
}

export interface StoredDataFile {
  readonly key: string;
  /** Checkpoint and epoch that wrote it. */
  readonly checkpointId: number;
  readonly epoch: number;
}

export interface RetentionFacts {
  /** How many completed checkpoints are kept; at least 1. */
  readonly keptCount: number;
  /** Epoch and run of the leader that asks. */
  readonly epoch: number;
  readonly run: number;
  /** The log, ascending. */
  readonly slots: readonly LoggedSlot[];
  readonly dataFiles: readonly StoredDataFile[];
  /** Checkpoints that are under way. */
  readonly underWay: readonly number[];
  /** What earlier passes found unreferenced and spared. */
  readonly spared: SparedFiles;
}

/** By key, the checkpoints that were under way when a file was first found unreferenced, and have been since. */
export type SparedFiles = ReadonlyMap<string, readonly number[]>;

export interface RetentionDecision {
  /** To be deleted first, durably. */
  readonly slots: readonly number[];
  /** To be deleted when the slots are gone. */
  readonly dataKeys: readonly string[];
  /** Unreferenced, and not to be deleted yet; to be handed to the next pass. */
  readonly spared: SparedFiles;
  /** Data files that stay: those that a checkpoint names, be they listed or not, and what else was listed. */
  readonly kept: ReadonlySet<string>;
  /** Newest completed checkpoint of the run; data files of newer ones are never touched. 0: there is none. */
  readonly newestCheckpointId: number;
}

/**
 * Decides what of a job's log and data files goes.
 *
 * Invariants:
 * - the newest `keptCount` completed checkpoints of the run stay, and every file that they name;
 * - slots go from the bottom only, so that the log has no gap; the newest slot stays whatever it is, so that
 *   slot numbers only grow;
 * - without a completed checkpoint in the run nothing goes at all;
 * - data files that a newer epoch wrote, or a checkpoint newer than the newest completed one, stay;
 * - a file goes when two passes in a row found it unreferenced, and no checkpoint is under way any more that was so
 *   at the first of them: a snapshot may still build on files of a checkpoint which has just been dropped, since tasks
 *   hear of completions late, and of several that are under way at once the others may be completed before it.
 */
export function decideRetention(facts: RetentionFacts): RetentionDecision {
  const completed = facts.slots.filter(
    (entry) => entry.run === facts.run && entry.checkpointId !== undefined,
  );
  const newestCheckpointId = completed.at(-1)?.checkpointId ?? 0;
  if (newestCheckpointId === 0) {
    const all = new Set(facts.dataFiles.map(({ key }) => key));
    return { slots: [], dataKeys: [], spared: new Map(), kept: all, newestCheckpointId };
  }
  const oldestKept = completed.at(-facts.keptCount);
  const newestSlot = facts.slots.at(-1)?.slot ?? 0;
  const firstKeptSlot = Math.min(oldestKept?.slot ?? facts.run, newestSlot);
  const referenced = new Set<string>();
  for (const entry of facts.slots) {
    if (entry.slot < firstKeptSlot) continue;
    for (const key of entry.fileKeys) referenced.add(key);
  }
  const dataKeys: string[] = [];
  const spared = new Map<string, readonly number[]>();
  // A list may lag behind, and leave out what was written a moment ago.
  const kept = new Set(referenced);
  for (const { key, checkpointId, epoch } of facts.dataFiles) {
    const touchable = epoch <= facts.epoch && checkpointId <= newestCheckpointId && !referenced.has(key);
    const before = touchable ? facts.spared.get(key) : undefined;
    const waitsFor = before?.filter((id) => facts.underWay.includes(id)) ?? facts.underWay;
    if (before !== undefined && waitsFor.length === 0) {
      dataKeys.push(key);
      continue;
    }
    kept.add(key);
    if (touchable) spared.set(key, waitsFor);
  }
  return {
    slots: facts.slots.filter(({ slot }) => slot < firstKeptSlot).map(({ slot }) => slot),
    dataKeys,
    spared,
    kept,
    newestCheckpointId,
  };
}
