import type { JobParameters } from '../api/job-parameters.js';
import type { OutputTag } from '../api/output-tag.js';
import type { StandardStream } from '../api/sink.js';
import type { OperatorListHandle, OperatorStateHandle } from '../checkpoint/snapshot-handle.js';
import type { Clock } from '../ports/clock.js';
import type { Completions } from '../ports/completions.js';
import type { FileSystem } from '../ports/file-system.js';
import type { KeyedSnapshot, KeyedStateStore } from '../ports/keyed-state-store.js';
import type { Logger } from '../ports/logger.js';
import type { MetricGroup } from '../ports/metrics.js';
import type { CodecFactory } from '../serde/record-codec.js';
import type { Accumulators } from './accumulator.js';
import type { DistributedCache } from './distributed-cache.js';
import type { StoredItems } from './stored-items.js';

/** Where an operator's results go: the next operator of the chain, or the channels behind it. */
export interface Output<T> {
  /** `timestamp` is NO_TIMESTAMP where the record has none. */
  collect(value: T, timestamp: number): void;
  /** Never decreases. */
  emitWatermark(timestamp: number): void;
  emitIdle(): void;
  emitActive(): void;
  sideOutput<X>(tag: OutputTag<X>, value: X, timestamp: number): void;
}

/** One input of an operator. Calls come in the order of the stream, on the thread of the task. */
export interface Input<T> {
  processElement(value: T, timestamp: number): void;
  processWatermark(timestamp: number): void;
  processIdle(): void;
  processActive(): void;
  /** Present where {@link lookAhead} may be called: whether that is worth the time now. */
  readonly wantsLookAhead?: boolean;
  /**
   * These records, `count` of them, come next, unless the task ends before. What is far away for them may be fetched;
   * nothing else happens. It does not throw.
   */
  lookAhead?(values: readonly T[], count: number): void;
}

/**
 * One operator of one subtask. All methods are called on the thread of the task and never overlap.
 *
 * Order: (constructed with its context) open, then inputs' elements and `onWake` interleaved with
 * checkpoints (prepareSnapshot, snapshotState), then endInput once every input has ended (after the final
 * watermark), further checkpoints or `commitAtEnd`, close. A failed task calls only close.
 */
export interface StreamOperator {
  /** By input index; a one-input operator has itself at 0. */
  readonly inputs: readonly Input<never>[];
  /**
   * Operator state is restored. Of keyed state it is said what there is; its rows come once all operators of the task
   * are open. The task waits for a returned promise.
   */
  open(): void | Promise<void>;
  /**
   * One of several inputs of a chain's head has ended: nothing comes on it any more, and its watermark stands
   * at the end of time. Called once for each input, with its index, before `endInput`.
   */
  inputEnded(inputIndex: number): void;
  /** Every input has ended; buffered results go out now. */
  endInput(): void | Promise<void>;
  /**
   * Instead of `endInput`, when the job ends with the last complete checkpoint: nothing follows but `close`, and
   * nobody takes results any more. Asked again until it is true: what is complete is committed.
   */
  stop(): boolean;
  /** Of a batch: all tasks of the job have ended their data, and what is to be committed is. Once, after `endInput`. */
  commitAtEnd?(): void;
  /**
   * The barrier has arrived; results that must be before it go out now (a sink flushes and prepares its
   * commit). The task takes no record until a returned promise settles.
   */
  prepareSnapshot(checkpointId: number): void | Promise<void>;
  /** The snapshot of that checkpoint, whose barrier is to come, holds all state: it builds on no other. */
  prepareFullSnapshot(checkpointId: number): void;
  /** Freezes the state, synchronously. */
  snapshotState(checkpointId: number): OperatorSnapshot;
  notifyCheckpointComplete(checkpointId: number): void;
  notifyCheckpointAborted(checkpointId: number): void;
  /** The time asked for by `context.wakeAt` has come; the wall clock may be earlier if it was set back. */
  onWake(wallMs: number): void;
  /**
   * Continues work that was left because `context.mustYield()` was true (firing timers of one watermark).
   * True when nothing is left. The task takes no input while work is left.
   */
  resume(): boolean;
  /**
   * How many records it takes now; 0 while what is under way must come first (requests, or at the end of input
   * their results). Asked after {@link resume}. Unlike there, nothing is half done: snapshots are taken all the
   * same.
   */
  room(): number;
  /** Idempotent; after a failure too. */
  close(): void | Promise<void>;
}

export interface OperatorSnapshot {
  readonly keyed: KeyedSnapshot | undefined;
  readonly lists: Readonly<Record<string, OperatorListHandle>>;
}

/** All that an operator may reach of the world. Made by the task. */
export interface OperatorContext {
  readonly jobName: string;
  readonly operatorName: string;
  readonly uid: string;
  readonly subtaskIndex: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly globalJobParameters: JobParameters;
  readonly distributedCache: DistributedCache;
  /** Epoch of the process and attempt of the task; the pair never occurs twice for one job. */
  readonly epoch: number;
  readonly attempt: number;
  /** What the checkpoint holds for this operator and subtask; undefined at a start from the beginning. */
  readonly restored: OperatorStateHandle | undefined;
  readonly restoredCheckpointId: number | undefined;
  /** Whether checkpoints are taken at all; without them sinks commit at the end of input. */
  readonly checkpointing: boolean;
  /** Of a batch: sinks commit when they are told to, at the end of all tasks. */
  readonly commitsWithJob: boolean;
  /** Interval at which periodic watermark generators are asked, ms; 0 turns them off. */
  readonly autoWatermarkIntervalMs: number;
  /** Present when the operator's factory says `needsKeyedState`; restored before the first record. */
  readonly keyedState: KeyedStateStore | undefined;
  /** Managed memory of an operator whose factory says `needsKeyedState` or `sorts`, bytes; else 0. */
  readonly managedBytes: number;
  /** Folder for temporary files of this operator in this attempt. It is there once a file is made in it. */
  readonly scratchFolder: string;
  readonly codecs: CodecFactory;
  readonly clock: Clock;
  readonly completions: Completions;
  readonly fileSystem: FileSystem;
  readonly metrics: MetricGroup;
  readonly logger: Logger;
  /**
   * Asks for {@link StreamOperator.onWake} at or soon after a wall time, as the clock stands now: if it is
   * set meanwhile, the wake-up comes when it would have come before. Replaces what was asked before.
   */
  wakeAt(wallMs: number): void;
  /** True when outputs are full: leave the rest for {@link StreamOperator.resume}. */
  mustYield(): boolean;
  /** Fails the task from an asynchronous place (a rejected commit). */
  fail(error: unknown): void;
  /** A line of data for standard output, or that of errors; resolves when taken. */
  writeLine(line: string, to?: StandardStream): Promise<void>;
  /** Hands values to who started the job: batches of one writer of the operator are numbered, upwards. */
  collect(writer: string, sequence: number, values: readonly unknown[]): void;
  /**
   * The error to throw when user code threw `error`: MR5001 with operator, uid and the user's own stack
   * line; a MillraceError comes back with its place.
   */
  userError(error: unknown): Error;
}

/** An operator's context together with its place in the chain. Made by the chain. */
export interface ChainedOperatorContext extends OperatorContext {
  /** Index of the operator in its chain; 0 is the head. */
  readonly chainIndex: number;
  /** Of this operator. */
  readonly accumulators: Accumulators;
  /** Shared by the operators of a chain: who calls user code writes its `chainIndex` here first. */
  readonly userCode: UserCodePosition;
}

/**
 * Which operator of a chain runs user code, so that an exception is told of the right one without a
 * try/catch per record: the chain's `locate` reads it when a step has thrown. Between two steps it is
 * {@link NOBODY}.
 */
export interface UserCodePosition {
  node: number;
}

/** Makes an operator in the thread of its task. Lives in the graph built there; never crosses a thread. */
export interface OperatorFactory {
  /** Whether a keyed state store is to be opened for it. */
  readonly needsKeyedState: boolean;
  /** Whether it sorts in managed memory. */
  readonly sorts?: boolean;
  /** What it keeps beside the states that its functions ask for. */
  readonly stored?: readonly StoredItems[];
  create(context: ChainedOperatorContext, output: Output<never>): StreamOperator;
}
