import { Availability } from '../base/availability.js';
import { invariant } from '../base/invariant.js';
import type { OutputTag } from './output-tag.js';
import type { SplitReader } from './sequential-source-reader.js';
import { InputStatus, type ReaderOutput, type SourceReader, type SourceReaderContext } from './source.js';

/** How an {@link InterleavedSourceReader} reads the splits of its source. */
export interface InterleavedReading<T, SplitT> {
  /** Stable and unique within the source: under it the split's watermark is kept. */
  splitId(split: SplitT): string;
  open(split: SplitT): SplitReader<T, SplitT>;
  /** Splits that are asked for and read at a time; as many as there are when absent. */
  readonly splitsAtOnce?: number;
}

/** Records of one split before the next one has its turn. */
const TURN_RECORDS = 32;

/**
 * Reads several splits side by side, in turn, each with a watermark of its own: for the partitions of a log,
 * say. A split that is too far ahead of its alignment group rests while the others go on.
 *
 * @example
 * ```ts
 * type Partition = { number: number; next: number };
 *
 * function readerOf(context: SourceReaderContext, open: (partition: Partition) => SplitReader<string, Partition>) {
 *   return new InterleavedSourceReader(context, { splitId: ({ number }) => `partition-${number}`, open });
 * }
 * ```
 *
 * Invariants:
 * - a split is in `#splits`, and in the snapshot, until it is read to its end;
 * - at most one request is unanswered;
 * - `isAvailable` of a split is asked once, until it has settled.
 */
export class InterleavedSourceReader<T, SplitT> implements SourceReader<T, SplitT> {
  readonly #context: SourceReaderContext;
  readonly #reading: InterleavedReading<T, SplitT>;
  readonly #arrival: Availability;
  readonly #splits: OpenSplit<T, SplitT>[];
  readonly #paused: Set<string>;
  #next: number;
  #introduced: boolean;
  #requested: boolean;
  #noMoreSplits: boolean;
  #failure: { readonly error: unknown } | undefined;
  #closing: Promise<void>;

  constructor(context: SourceReaderContext, reading: InterleavedReading<T, SplitT>) {
    this.#context = context;
    this.#reading = reading;
    this.#arrival = new Availability();
    this.#splits = [];
    this.#paused = new Set();
    this.#next = 0;
    this.#introduced = true;
    this.#requested = false;
    this.#noMoreSplits = false;
    this.#failure = undefined;
    this.#closing = Promise.resolve();
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    this.#request();
    this.#introduce(output);
    for (let quiet = 0; quiet < this.#splits.length && output.remaining > 0; ) {
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#next = this.#next % this.#splits.length;
      const split = this.#splits[this.#next];
      if (split === undefined) break;
      if (!split.available || this.#paused.has(split.id)) {
        quiet++;
        this.#next++;
        continue;
      }
      quiet = this.#pollSplit(split, output) ? 0 : quiet + 1;
    }
    if (output.remaining <= 0) return InputStatus.MORE_AVAILABLE;
    const ended = this.#splits.length === 0 && this.#noMoreSplits;
    return ended ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
  }

  isAvailable(): Promise<void> {
    // What came between the poll and this call must not be waited for again.
    const ready = this.#splits.some(({ id, available }) => available && !this.#paused.has(id));
    const over = this.#failure !== undefined || (this.#splits.length === 0 && this.#noMoreSplits);
    return ready || over ? Promise.resolve() : this.#arrival.wait();
  }

  snapshotState(): readonly SplitT[] {
    return this.#splits.map(({ reader }) => reader.snapshot());
  }

  addSplits(splits: readonly SplitT[]): void {
    invariant(!this.#noMoreSplits, 'no split follows the end of splits', { splits: splits.length });
    for (const split of splits) {
      const id = this.#reading.splitId(split);
      this.#splits.push({ id, reader: this.#reading.open(split), available: true });
    }
    this.#introduced = false;
    this.#requested = false;
    this.#arrival.release();
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true;
    this.#arrival.release();
  }

  pauseOrResumeSplits(paused: readonly string[], resumed: readonly string[]): void {
    for (const id of paused) this.#paused.add(id);
    for (const id of resumed) this.#paused.delete(id);
    if (resumed.length > 0) this.#arrival.release();
  }

  async close(): Promise<void> {
    for (const { reader } of this.#splits.splice(0)) this.#release(reader);
    await this.#closing;
  }

  /** Every split holds the watermark back before any of them is read on. */
  #introduce(output: ReaderOutput<T>): void {
    if (this.#introduced) return;
    this.#introduced = true;
    for (const { id } of this.#splits) output.createOutputForSplit(id);
  }

  #request(): void {
    const { splitsAtOnce = Number.POSITIVE_INFINITY } = this.#reading;
    if (this.#requested || this.#noMoreSplits || this.#splits.length >= splitsAtOnce) return;
    this.#requested = true;
    this.#context.requestSplit();
  }

  /** One turn of a split; whether anything came of it. */
  #pollSplit(split: OpenSplit<T, SplitT>, output: ReaderOutput<T>): boolean {
    const before = output.remaining;
    const splitOutput = output.createOutputForSplit(split.id);
    const isAlone = this.#splits.length === 1;
    const turn = isAlone ? splitOutput : new TurnOutput(splitOutput, Math.min(before, TURN_RECORDS));
    const status = split.reader.poll(turn);
    if (status === InputStatus.END_OF_INPUT) {
      this.#splits.splice(this.#next, 1);
      this.#paused.delete(split.id);
      output.releaseOutputForSplit(split.id);
      this.#release(split.reader);
      this.#request();
      return true;
    }
    this.#next++;
    if (status === InputStatus.NOTHING_AVAILABLE) this.#await(split);
    return output.remaining < before || status === InputStatus.MORE_AVAILABLE;
  }

  #await(split: OpenSplit<T, SplitT>): void {
    split.available = false;
    split.reader.isAvailable().then(
      () => {
        split.available = true;
        this.#arrival.release();
      },
      (error: unknown) => {
        this.#failure ??= { error };
        this.#arrival.release();
      },
    );
  }

  #release(reader: SplitReader<T, SplitT>): void {
    const before = this.#closing;
    this.#closing = (async () => {
      await before;
      await reader.close();
    })();
  }
}

interface OpenSplit<T, SplitT> {
  readonly id: string;
  readonly reader: SplitReader<T, SplitT>;
  available: boolean;
}

/** The output of a split for one turn. */
class TurnOutput<T> implements ReaderOutput<T> {
  remaining: number;
  readonly #output: ReaderOutput<T>;

  constructor(output: ReaderOutput<T>, records: number) {
    this.#output = output;
    this.remaining = records;
  }

  collect(value: T, timestamp?: number): void {
    this.remaining--;
    this.#output.collect(value, timestamp);
  }

  createOutputForSplit(splitId: string): ReaderOutput<T> {
    return this.#output.createOutputForSplit(splitId);
  }

  releaseOutputForSplit(splitId: string): void {
    this.#output.releaseOutputForSplit(splitId);
  }

  sideOutput<X>(tag: OutputTag<X>, value: X): void {
    this.remaining--;
    this.#output.sideOutput(tag, value);
  }

  emitWatermark(timestamp: number): void {
    this.#output.emitWatermark(timestamp);
  }

  markIdle(): void {
    this.#output.markIdle();
  }

  markActive(): void {
    this.#output.markActive();
  }
}
