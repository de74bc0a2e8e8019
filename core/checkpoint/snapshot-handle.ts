import type { PartitionerKind } from '../graph/job-graph.js';
import type { AccumulatorsByUid } from '../job/accumulator-totals.js';
import type { KeyGroupRange, StateFileHandle } from '../ports/keyed-state-store.js';

/** Keyed state of one operator of one subtask in a checkpoint: plain data, stored in the manifest. */
export interface KeyedStateHandle {
  /** The form of the files' content; a reader that does not know it refuses. */
  readonly format: number;
  readonly keyGroupStart: number;
  readonly keyGroupEnd: number;
  /** Applied in this order on restore: a base, then increments whose rows (and deletions) replace it. */
  readonly files: readonly KeyedStateFile[];
  /** Type of each table's values, to be compared with what the job declares. */
  readonly tables: Readonly<Record<string, string>>;
}

/** A state file as one subtask uses it. After a rescale several use one file, each for a part of it. */
export interface KeyedStateFile extends StateFileHandle {
  /** Only the rows of these key groups count: those of others are not this file's to say. Absent: all do. */
  readonly keyGroups?: KeyGroupRange;
}

/** All that one operator of one subtask puts into a checkpoint. Plain data. */
export interface OperatorStateHandle {
  readonly keyed: KeyedStateHandle | undefined;
  /** Operator state by name: each item encoded apart, so that lists can be dealt out anew on a rescale. */
  readonly lists: Readonly<Record<string, OperatorListHandle>>;
}

export interface OperatorListHandle {
  /**
   * Who gets the items at another parallelism: some each (`split`), all each, also at the same parallelism
   * (`union`), or, as they are alike, a copy each (`broadcast`). `together` keeps those of one subtask
   * together: of n subtasks, subtask s mod n gets those of subtask s. `watermark` is all each too, and unlike
   * `union` it is whole without the items of finished subtasks: time has come to its end for them, so they
   * hold nobody back.
   */
  readonly mode: 'split' | 'union' | 'broadcast' | 'watermark' | 'together';
  readonly items: readonly Uint8Array[];
  /**
   * Where items were restored that all subtasks are given, and this one has not asked for them: its own part of them,
   * items[from, to), which is what is stored if none has asked. Nothing that is stored has it.
   */
  readonly own?: { readonly from: number; readonly to: number };
}

/** The snapshot of one subtask: by operator uid. */
export interface SubtaskSnapshot {
  readonly operators: Readonly<Record<string, OperatorStateHandle>>;
  /** What was under way to it; absent: nothing was, or all of it was waited for. */
  readonly inFlight?: InFlightHandle;
  /** It had processed the end of its input, and sends nothing more to who has finished. */
  readonly dataFinished?: true;
}

/** What was under way to one subtask between its snapshot and the barriers of its channels. Plain data. */
export interface InFlightHandle {
  /** The form of the file's content ({@link IN_FLIGHT_FORMAT}); a reader that does not know it refuses. */
  readonly format: number;
  /** Its blocks are told apart by the numbers of the channels ({@link decodeInFlightBlock}). */
  readonly file: StateFileHandle;
  /** All edges that end at the subtask. */
  readonly edges: readonly InFlightEdge[];
}

/** An edge as it was, by which it is found again. */
export interface InFlightEdge {
  /** uid of the operator that sent it. */
  readonly sourceUid: string;
  readonly inputIndex: number;
  /** Its place among the edges between the same two ends. */
  readonly ordinal: number;
  readonly partitioner: PartitionerKind;
  readonly typeId: string;
  /** Channels that it had at this subtask. */
  readonly producers: number;
  /** Those in which something was under way. */
  readonly channels: readonly InFlightChannel[];
}

export interface InFlightChannel {
  /** Subtask that it came from. */
  readonly producer: number;
  /** Unique in the file. */
  readonly number: number;
  readonly sizeBytes: number;
}

/** One vertex of a completed checkpoint. */
export interface VertexSnapshot {
  /** uid of the chain's head. */
  readonly vertexUid: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** By subtask index; `finished` ones had ended before the checkpoint and hold no state. */
  readonly subtasks: readonly (SubtaskSnapshot | 'finished')[];
  /** State of the source's split enumerator, encoded; undefined where there is none. */
  readonly enumerator: Uint8Array | undefined;
  /**
   * By uid, each operator of which a subtask had ended, now or at another parallelism: what such subtasks had
   * accumulated, which may be nothing. Absent: there are none, or they were written by a version that kept none.
   */
  readonly ended?: AccumulatorsByUid;
}

/** The content of a completed checkpoint: what a slot of the numbered log holds. Plain data. */
export interface CheckpointManifest {
  readonly checkpointId: number;
  readonly epoch: number;
  readonly attempt: number;
  readonly fingerprint: string;
  readonly jobName: string;
  /** Wall time of the trigger and of completion, ms since the epoch. */
  readonly triggeredMs: number;
  readonly completedMs: number;
  /** `drained`: the input has ended for good with it, wherever the sources were; who resumes it takes no more. */
  readonly kind: CheckpointKind | 'drained';
  readonly vertices: readonly VertexSnapshot[];
}

export type CheckpointKind = 'checkpoint' | 'savepoint';
