import type { Clock } from '../ports/clock.js';
import type { FileSystem } from '../ports/file-system.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { OutputTag } from './output-tag.js';

/**
 * A source of records (Flink's FLIP-27 shape): an enumerator, one per job, finds splits and deals them out;
 * readers, one per subtask, read splits and can stop between any two records. Splits and the enumerator's
 * state are plain data (what structured clone carries, without functions); they go into checkpoints.
 *
 * @example
 * ```ts
 * const source: Source<number, { from: number; to: number }, { from: number; to: number }[]> = ...
 * env.fromSource(source, WatermarkStrategy.noWatermarks(), 'numbers');
 * ```
 */
export interface Source<T, SplitT = unknown, EnumeratorStateT = unknown> {
  readonly boundedness: Boundedness;
  /** Type of the records; undeclared when absent. */
  readonly outputType?: TypeDescriptor<T>;
  createEnumerator(context: SplitEnumeratorContext<SplitT>): SplitEnumerator<EnumeratorStateT>;
  restoreEnumerator(
    context: SplitEnumeratorContext<SplitT>,
    state: EnumeratorStateT,
  ): SplitEnumerator<EnumeratorStateT>;
  createReader(context: SourceReaderContext): SourceReader<T, SplitT>;
}

export type Boundedness = 'bounded' | 'continuous-unbounded';

/**
 * Runs beside subtask 0 of its source, on the same thread; its calls never overlap each other. It is
 * snapshotted before any reader is, so a split is always in exactly one of the two.
 */
export interface SplitEnumerator<StateT> {
  /** Called once, before any other method; not again after a restore of finished work. */
  start(): void | Promise<void>;
  /** A reader without work asks. Answer, now or later, by `assignSplit` or `signalNoMoreSplits`. */
  handleSplitRequest(subtask: number): void;
  /** What is needed to go on: every split that no reader has been given. Plain data. */
  snapshotState(checkpointId: number): StateT;
  notifyCheckpointComplete?(checkpointId: number): void;
  close?(): void | Promise<void>;
}

export interface SplitEnumeratorContext<SplitT> {
  /** Number of readers. */
  readonly parallelism: number;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  assignSplit(split: SplitT, subtask: number): void;
  /** After this the reader ends once it has read what it has. */
  signalNoMoreSplits(subtask: number): void;
  /** Runs `work`, then `handle` on the enumerator's turn; a rejection fails the source. */
  callAsync<T>(work: () => Promise<T>, handle: (value: T) => void): void;
}

/** What {@link SourceReader.pollNext} says. */
export const InputStatus = {
  /** Call again at once. */
  MORE_AVAILABLE: 0,
  /** Wait for {@link SourceReader.isAvailable}. */
  NOTHING_AVAILABLE: 1,
  /** No splits are left and none will come. */
  END_OF_INPUT: 2,
} as const;

export type InputStatus = (typeof InputStatus)[keyof typeof InputStatus];

/**
 * Reads the splits of one subtask, on that subtask's thread. Calls never overlap.
 * Order: start, addSplits (restored ones first), then pollNext as long as the task lives.
 */
export interface SourceReader<T, SplitT> {
  start?(): void | Promise<void>;
  /**
   * Emits at most a batch of records, synchronously, stopping when `output.limit` is reached. The position
   * after the last emitted record is what `snapshotState` must return.
   */
  pollNext(output: ReaderOutput<T>): InputStatus;
  /** Settles when `pollNext` has something to do. Called after NOTHING_AVAILABLE only. */
  isAvailable(): Promise<void>;
  /** The splits not yet read to the end, with their positions. Plain data. */
  snapshotState(checkpointId: number): readonly SplitT[];
  addSplits(splits: readonly SplitT[]): void;
  /** No split follows those added so far. */
  notifyNoMoreSplits(): void;
  notifyCheckpointComplete?(checkpointId: number): void;
  close?(): void | Promise<void>;
}

export interface SourceReaderContext {
  readonly subtaskIndex: number;
  readonly parallelism: number;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  /**
   * Resolves once about `delayMs` have passed: for readers that pace themselves, as what `isAvailable`
   * answers. One at a time; it may stay pending for ever once the reader is closed.
   */
  sleep(delayMs: number): Promise<void>;
  /** Counts input that was passed over by `onError: 'skip' | 'sideOutput'`. */
  countSkippedRecord(): void;
  /** Asks the enumerator for another split; call it when the last one is read. */
  requestSplit(): void;
}

export interface ReaderOutput<T> {
  /** Records that may still be emitted in this call; `pollNext` returns when it reaches 0. */
  readonly remaining: number;
  /**
   * `timestamp`: event time known to the source (ms), or undefined; the watermark strategy's assigner
   * overrides it. `split`: splits are told apart for their watermarks.
   */
  collect(value: T, timestamp?: number): void;
  sideOutput<X>(tag: OutputTag<X>, value: X): void;
}
