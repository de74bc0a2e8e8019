import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { OutputTag } from './output-tag.js';
import { checkRate, RateLimiter } from './rate-limiter.js';
import {
  type Boundedness,
  InputStatus,
  type ReaderOutput,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SplitEnumerator,
  type SplitEnumeratorContext,
} from './source.js';

/** Shorter waits than this are not worth a timer: what they would let pass goes with the next batch. */
const MIN_SLEEP_MS = 5;

/**
 * Any source, held to at most so many records a second: each of its readers to an equal part, as in Flink. A reader
 * without splits leaves its part to nobody: a source with fewer splits than readers, such as one that goes on at a
 * higher parallelism than it was split for, is slower by that. What is emitted, and where it can be stopped, is what
 * the source itself says.
 *
 * @example
 * ```ts
 * const slow = new PacedSource(FileSource.jsonLines('flights.jsonl', flight), { ratePerSecond: 150_000 });
 * ```
 */
export class PacedSource<T, SplitT, StateT> implements Source<T, SplitT, StateT> {
  readonly boundedness: Boundedness;
  readonly readersRestartAlone: boolean;
  readonly outputType?: TypeDescriptor<T>;
  readonly splitType?: TypeDescriptor<SplitT>;
  readonly enumeratorStateType?: TypeDescriptor<StateT>;
  readonly #source: Source<T, SplitT, StateT>;
  readonly #ratePerSecond: number;

  /** @throws MillraceError MR1001 if the rate is not positive */
  constructor(source: Source<T, SplitT, StateT>, options: { readonly ratePerSecond: number }) {
    checkRate(options.ratePerSecond);
    this.boundedness = source.boundedness;
    this.readersRestartAlone = source.readersRestartAlone === true;
    const { outputType, splitType, enumeratorStateType } = source;
    if (outputType !== undefined) this.outputType = outputType;
    if (splitType !== undefined) this.splitType = splitType;
    if (enumeratorStateType !== undefined) this.enumeratorStateType = enumeratorStateType;
    this.#source = source;
    this.#ratePerSecond = options.ratePerSecond;
  }

  createEnumerator(context: SplitEnumeratorContext<SplitT>): SplitEnumerator<StateT> {
    return this.#source.createEnumerator(context);
  }

  restoreEnumerator(context: SplitEnumeratorContext<SplitT>, state: StateT): SplitEnumerator<StateT> {
    return this.#source.restoreEnumerator(context, state);
  }

  createReader(context: SourceReaderContext): SourceReader<T, SplitT> {
    const limiter = new RateLimiter(context.clock, this.#ratePerSecond / context.parallelism);
    return new PacedReader(this.#source.createReader(context), limiter, context);
  }
}

/** A reader that is polled only as far as the rate allows. */
class PacedReader<T, SplitT> implements SourceReader<T, SplitT> {
  readonly #reader: SourceReader<T, SplitT>;
  readonly #limiter: RateLimiter;
  readonly #context: SourceReaderContext;
  readonly #output: LimitedOutput<T>;
  /** Whether the rate, and not the source, is why nothing is available. */
  #held: boolean;

  constructor(reader: SourceReader<T, SplitT>, limiter: RateLimiter, context: SourceReaderContext) {
    this.#reader = reader;
    this.#limiter = limiter;
    this.#context = context;
    this.#output = new LimitedOutput();
    this.#held = false;
  }

  start(): void | Promise<void> {
    return this.#reader.start?.();
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    const permits = this.#limiter.available();
    this.#held = permits <= 0;
    if (this.#held) return InputStatus.NOTHING_AVAILABLE;
    this.#output.begin(output, permits);
    const status = this.#reader.pollNext(this.#output);
    this.#limiter.spend(this.#output.collected);
    return status;
  }

  isAvailable(): Promise<void> {
    return this.#held
      ? this.#context.sleep(Math.max(MIN_SLEEP_MS, this.#limiter.delayMs()))
      : this.#reader.isAvailable();
  }

  snapshotState(checkpointId: number): readonly SplitT[] {
    return this.#reader.snapshotState(checkpointId);
  }

  addSplits(splits: readonly SplitT[]): void {
    this.#reader.addSplits(splits);
  }

  notifyNoMoreSplits(): void {
    this.#reader.notifyNoMoreSplits();
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#reader.notifyCheckpointComplete?.(checkpointId);
  }

  pauseOrResumeSplits(paused: readonly string[], resumed: readonly string[]): void {
    this.#reader.pauseOrResumeSplits?.(paused, resumed);
  }

  waitsForOthers(): boolean {
    return this.#reader.waitsForOthers?.() === true;
  }

  close(): void | Promise<void> {
    return this.#reader.close?.();
  }
}

class LimitedOutput<T> implements ReaderOutput<T> {
  #output: ReaderOutput<T> | undefined;
  readonly #splits: Map<string, LimitedSplitOutput<T>>;
  #limit: number;
  collected: number;

  constructor() {
    this.#output = undefined;
    this.#splits = new Map();
    this.#limit = 0;
    this.collected = 0;
  }

  begin(output: ReaderOutput<T>, limit: number): void {
    this.#output = output;
    this.#limit = limit;
    this.collected = 0;
  }

  get remaining(): number {
    return this.#output === undefined ? 0 : Math.min(this.#output.remaining, this.#limit - this.collected);
  }

  collect(value: T, timestamp?: number): void {
    this.collected++;
    this.#output?.collect(value, timestamp);
  }

  createOutputForSplit(splitId: string): ReaderOutput<T> {
    const split = this.#splits.get(splitId) ?? new LimitedSplitOutput<T>(this);
    this.#splits.set(splitId, split);
    if (this.#output !== undefined) split.output = this.#output.createOutputForSplit(splitId);
    return split;
  }

  releaseOutputForSplit(splitId: string): void {
    this.#splits.delete(splitId);
    this.#output?.releaseOutputForSplit(splitId);
  }

  sideOutput<X>(tag: OutputTag<X>, value: X): void {
    this.#output?.sideOutput(tag, value);
  }

  emitWatermark(timestamp: number): void {
    this.#output?.emitWatermark(timestamp);
  }

  markIdle(): void {
    this.#output?.markIdle();
  }

  markActive(): void {
    this.#output?.markActive();
  }
}

class LimitedSplitOutput<T> implements ReaderOutput<T> {
  output: ReaderOutput<T> | undefined;
  readonly #limited: LimitedOutput<T>;

  constructor(limited: LimitedOutput<T>) {
    this.output = undefined;
    this.#limited = limited;
  }

  get remaining(): number {
    return this.#limited.remaining;
  }

  collect(value: T, timestamp?: number): void {
    this.#limited.collected++;
    this.output?.collect(value, timestamp);
  }

  createOutputForSplit(splitId: string): ReaderOutput<T> {
    return this.#limited.createOutputForSplit(splitId);
  }

  releaseOutputForSplit(splitId: string): void {
    this.#limited.releaseOutputForSplit(splitId);
  }

  sideOutput<X>(tag: OutputTag<X>, value: X): void {
    this.#limited.sideOutput(tag, value);
  }

  emitWatermark(timestamp: number): void {
    this.output?.emitWatermark(timestamp);
  }

  markIdle(): void {
    this.output?.markIdle();
  }

  markActive(): void {
    this.output?.markActive();
  }
}
