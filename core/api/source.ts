import type { Clock } from '../ports/clock.js';
import type { FileSystem } from '../ports/file-system.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { WatermarkOutput } from '../watermark/watermark-generator.js';
import type { OutputTag } from './output-tag.js';

/**
 * A source of records (Flink's FLIP-27 shape): an enumerator, one per job, finds splits and deals them out;
 * readers, one per subtask, read splits and can stop between any two records. Splits and the enumerator's
 * state are plain data (what structured clone carries, without functions); they go into checkpoints.
 *
 * @example
 * ```ts
 * interface Range { next: number; end: number }
 *
 * class RangeReader implements SplitReader<number, Range> {
 *   readonly #range: Range;
 *
 *   constructor(range: Range) {
 *     this.#range = { ...range };
 *   }
 *
 *   poll(output: ReaderOutput<number>): InputStatus {
 *     while (this.#range.next < this.#range.end) {
 *       if (output.remaining <= 0) return InputStatus.MORE_AVAILABLE;
 *       output.collect(this.#range.next++);
 *     }
 *     return InputStatus.END_OF_INPUT;
 *   }
 *
 *   async isAvailable() {}
 *
 *   snapshot(): Range {
 *     return { ...this.#range };
 *   }
 *
 *   close() {}
 * }
 *
 * const source: Source<number, Range, readonly Range[]> = {
 *   boundedness: 'bounded',
 *   outputType: types.float64,
 *   createEnumerator: (context) =>
 *     new SplitQueueEnumerator(context, [{ next: 0, end: 10 }, { next: 10, end: 20 }]),
 *   restoreEnumerator: (context, ranges) => new SplitQueueEnumerator(context, ranges),
 *   createReader: (context) => new SequentialSourceReader(context, (range: Range) => new RangeReader(range)),
 * };
 * env.fromSource(source, WatermarkStrategy.noWatermarks(), 'numbers');
 * ```
 */
export interface Source<T, SplitT = unknown, EnumeratorStateT = unknown> {
  readonly boundedness: Boundedness;
  /** False: what was read once cannot be read again, so the job is at-most-once, and says so when it starts. */
  readonly isReplayable?: boolean;
  /**
   * True: of its subtasks one may go back to a checkpoint while the others go on, where they share no channel. Its
   * reader is then given again, at once and unasked, the splits that it got since, and asks for more; the enumerator
   * hears nothing of it, but that it may ask twice. So the enumerator must take no request for the word that a reader
   * is done with something. Otherwise all subtasks of the source go back together.
   */
  readonly readersRestartAlone?: boolean;
  /** Type of the records; undeclared when absent. */
  readonly outputType?: TypeDescriptor<T>;
  /**
   * Type of the splits and of the enumerator's state in checkpoints, in the place of Flink's serializers and their
   * versions. Declared, they are compared with what is stored and changed as types of states are (fields added,
   * removed, renamed, widened), or refused (MR2103); undeclared, they come back as they were written.
   */
  readonly splitType?: TypeDescriptor<SplitT>;
  readonly enumeratorStateType?: TypeDescriptor<EnumeratorStateT>;
  createEnumerator(context: SplitEnumeratorContext<SplitT>): SplitEnumerator<EnumeratorStateT>;
  restoreEnumerator(
    context: SplitEnumeratorContext<SplitT>,
    state: EnumeratorStateT,
  ): SplitEnumerator<EnumeratorStateT>;
  createReader(context: SourceReaderContext): SourceReader<T, SplitT>;
}

/** Whether a source ends by itself. The final checkpoint of a job is taken when all its sources have ended. */
export type Boundedness = 'bounded' | 'continuous-unbounded';

/**
 * Runs beside subtask 0 of its source, on the same thread; its calls never overlap each other. It is
 * snapshotted before any reader is, so a split is always in exactly one of the two.
 *
 * @example
 * ```ts
 * class ListEnumerator implements SplitEnumerator<readonly string[]> {
 *   readonly #context: SplitEnumeratorContext<string>;
 *   #files: readonly string[];
 *
 *   constructor(context: SplitEnumeratorContext<string>, files: readonly string[]) {
 *     this.#context = context;
 *     this.#files = files;
 *   }
 *
 *   start() {}
 *
 *   handleSplitRequest(subtask: number) {
 *     const [file, ...rest] = this.#files;
 *     if (file === undefined) this.#context.signalNoMoreSplits(subtask);
 *     else this.#context.assignSplit(file, subtask);
 *     this.#files = rest;
 *   }
 *
 *   snapshotState() {
 *     return this.#files;
 *   }
 * }
 * ```
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

/**
 * What an enumerator can do. Calls take effect in their order; a split that is assigned belongs to its reader
 * from then on, and returns in the reader's snapshots, not in the enumerator's.
 *
 * @example
 * ```ts
 * function discover(context: SplitEnumeratorContext<string>): void {
 *   context.callAsync(
 *     async () => (await context.fileSystem.list('/data')).map(({ name }) => name),
 *     (names) => names.forEach((name, index) => context.assignSplit(name, index % context.parallelism)),
 *   );
 * }
 * ```
 */
export interface SplitEnumeratorContext<SplitT> {
  /** Number of readers. */
  readonly parallelism: number;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  assignSplit(split: SplitT, subtask: number): void;
  /** After this the reader ends once it has read what it has. */
  signalNoMoreSplits(subtask: number): void;
  /**
   * Whether the source reads what had piled up before now, until said otherwise; not, at first. While one does,
   * checkpoints come at `execution.checkpointing.interval-during-backlog`.
   */
  setIsProcessingBacklog(isProcessingBacklog: boolean): void;
  /** Runs `work`, then `handle` on the enumerator's turn; a rejection fails the source. */
  callAsync<T>(work: () => Promise<T>, handle: (value: T) => void): void;
}

/**
 * What {@link SourceReader.pollNext} says.
 *
 * @example
 * ```ts
 * function pollNext(output: ReaderOutput<string>, lines: string[]): InputStatus {
 *   while (output.remaining > 0) {
 *     const line = lines.shift();
 *     if (line === undefined) return InputStatus.END_OF_INPUT;
 *     output.collect(line);
 *   }
 *   return InputStatus.MORE_AVAILABLE;
 * }
 * ```
 */
export const InputStatus = {
  /** Call again at once. */
  MORE_AVAILABLE: 0,
  /** Wait for {@link SourceReader.isAvailable}. */
  NOTHING_AVAILABLE: 1,
  /**
   * No splits are left and none will come: the reader is not called again. Where the enumerator assigns it a
   * split nevertheless, its task fails with MR6003.
   */
  END_OF_INPUT: 2,
} as const;

export type InputStatus = (typeof InputStatus)[keyof typeof InputStatus];

/**
 * Reads the splits of one subtask, on that subtask's thread. Calls never overlap.
 * Order: start, addSplits (restored ones first), then pollNext as long as the task lives.
 *
 * @example
 * ```ts
 * interface Range { next: number; end: number }
 *
 * class RangeSourceReader implements SourceReader<number, Range> {
 *   readonly #context: SourceReaderContext;
 *   #ranges: Range[] = [];
 *   #noMore = false;
 *   #wake = () => {};
 *
 *   constructor(context: SourceReaderContext) {
 *     this.#context = context;
 *   }
 *
 *   start() {
 *     this.#context.requestSplit();
 *   }
 *
 *   pollNext(output: ReaderOutput<number>): InputStatus {
 *     for (let range = this.#ranges[0]; range !== undefined; range = this.#ranges[0]) {
 *       while (range.next < range.end) {
 *         if (output.remaining <= 0) return InputStatus.MORE_AVAILABLE;
 *         output.collect(range.next++);
 *       }
 *       this.#ranges.shift();
 *       this.#context.requestSplit();
 *     }
 *     return this.#noMore ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
 *   }
 *
 *   isAvailable() {
 *     return new Promise<void>((resolve) => {
 *       this.#wake = resolve;
 *     });
 *   }
 *
 *   snapshotState() {
 *     return this.#ranges.map((range) => ({ ...range }));
 *   }
 *
 *   addSplits(splits: readonly Range[]) {
 *     this.#ranges.push(...splits.map((range) => ({ ...range })));
 *     this.#wake();
 *   }
 *
 *   notifyNoMoreSplits() {
 *     this.#noMore = true;
 *     this.#wake();
 *   }
 * }
 * ```
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
  /**
   * Splits, by the ids of their outputs, that are too far ahead of their alignment group, and such as are not
   * any more. A reader without this method is paused as a whole when all of it is ahead.
   */
  pauseOrResumeSplits?(paused: readonly string[], resumed: readonly string[]): void;
  /**
   * Whether it can give nothing before other readers have come as far. Nobody of its alignment group waits for it
   * then: they would for ever. False without this method.
   */
  waitsForOthers?(): boolean;
  close?(): void | Promise<void>;
}

/** What a reader knows of its subtask, and can ask for. */
export interface SourceReaderContext {
  readonly subtaskIndex: number;
  readonly parallelism: number;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  /**
   * Resolves once about `delayMs` have passed: for readers that pace themselves, as what `isAvailable`
   * answers. It may stay pending for ever once the reader is closed.
   */
  sleep(delayMs: number): Promise<void>;
  /** Counts input that was passed over by `onError: 'skip' | 'sideOutput'`. */
  countSkippedRecord(): void;
  /** Asks the enumerator for another split; call it when the last one is read. */
  requestSplit(): void;
}

/**
 * Takes what a reader reads. A source that knows itself how far event time has come says so by
 * `emitWatermark` (`Watermark.MAX`: it has come to its end), beside what the watermark strategy makes of the
 * records.
 */
export interface ReaderOutput<T> extends WatermarkOutput {
  /** Records that may still be emitted in this call; `pollNext` returns when it reaches 0. */
  readonly remaining: number;
  /**
   * `timestamp`: event time known to the source (ms), or undefined; the watermark strategy's assigner
   * overrides it.
   */
  collect(value: T, timestamp?: number): void;
  /**
   * Where the records of one split go, for readers that read several at a time: each has a watermark of its
   * own, and the reader's is the least of them. It shares `remaining`, and is the same one until released;
   * `splitId` is the split's name in checkpoints and for people. Splits that a reader has been given count
   * from this call on, so it is made for all of them before a record of any.
   */
  createOutputForSplit(splitId: string): ReaderOutput<T>;
  /** The split is read to its end: it holds no watermark back any more. */
  releaseOutputForSplit(splitId: string): void;
  sideOutput<X>(tag: OutputTag<X>, value: X): void;
}
