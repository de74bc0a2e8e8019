import { Availability } from '../base/availability.js';
import { invariant } from '../base/invariant.js';
import { InputStatus, type ReaderOutput, type SourceReader, type SourceReaderContext } from './source.js';

/** Reads one split from its position to its end; {@link SequentialSourceReader} drives it. */
export interface SplitReader<T, SplitT> {
  /** As {@link SourceReader.pollNext}; END_OF_INPUT says that this split is read to its end. */
  poll(output: ReaderOutput<T>): InputStatus;
  /** Settles when `poll` has something to do. Called after NOTHING_AVAILABLE only. */
  isAvailable(): Promise<void>;
  /** The split with the position after the last record that was emitted. A fresh object of plain data. */
  snapshot(): SplitT;
  /** Lets go of what was opened. Never rejects: what was only read cannot be lost by closing it. */
  close(): void | Promise<void>;
}

/**
 * Reads splits one after another, and asks for the next one when it has none: what most sources need of a
 * reader, so that they say only how one split is read.
 *
 * With `splitId`, each split has a watermark of its own. Those that the reader has been given hold its watermark
 * back until they are read, as when a job goes on at a lower parallelism; one that it is given later may come
 * behind it. Where splits that are as long as the job lie side by side, see {@link InterleavedSourceReader}.
 *
 * @example
 * ```ts
 * // Splits are numbers, and each is one record.
 * function createReader(context: SourceReaderContext): SourceReader<number, number> {
 *   return new SequentialSourceReader(context, (split: number) => {
 *     let read = false;
 *     return {
 *       poll(output) {
 *         if (!read) output.collect(split);
 *         read = true;
 *         return InputStatus.END_OF_INPUT;
 *       },
 *       isAvailable: async () => {},
 *       snapshot: () => split,
 *       close() {},
 *     };
 *   });
 * }
 * ```
 *
 * Invariants:
 * - at most one split is open; at most one request is unanswered;
 * - a split is in `current` or in `queue`, and in the snapshot, until it is read to its end;
 * - no split comes after notifyNoMoreSplits;
 * - with `splitId`: a split has an output from the first poll after it was added until it is read to its end.
 */
export class SequentialSourceReader<T, SplitT> implements SourceReader<T, SplitT> {
  readonly #context: SourceReaderContext;
  readonly #open: (split: SplitT) => SplitReader<T, SplitT>;
  readonly #arrival: Availability;
  readonly #splitId: ((split: SplitT) => string) | undefined;
  readonly #queue: SplitT[];
  /** Splits of the queue that have an output already; the first ones of it. */
  #introduced: number;
  #currentId: string | undefined;
  #current: SplitReader<T, SplitT> | undefined;
  #requested: boolean;
  #noMoreSplits: boolean;
  #closing: Promise<void>;

  /** `splitId`: the name of a split, the same for as long as it is read. */
  constructor(
    context: SourceReaderContext,
    open: (split: SplitT) => SplitReader<T, SplitT>,
    splitId?: (split: SplitT) => string,
  ) {
    this.#context = context;
    this.#open = open;
    this.#arrival = new Availability();
    this.#splitId = splitId;
    this.#queue = [];
    this.#introduced = 0;
    this.#currentId = undefined;
    this.#current = undefined;
    this.#requested = false;
    this.#noMoreSplits = false;
    this.#closing = Promise.resolve();
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    this.#introduce(output);
    for (;;) {
      const current = this.#current ?? this.#openNext();
      if (current === undefined) {
        return this.#noMoreSplits ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
      }
      const id = this.#currentId;
      const status = current.poll(id === undefined ? output : output.createOutputForSplit(id));
      if (status !== InputStatus.END_OF_INPUT) return status;
      this.#current = undefined;
      if (id !== undefined) output.releaseOutputForSplit(id);
      this.#release(current);
      if (output.remaining <= 0) return InputStatus.MORE_AVAILABLE;
    }
  }

  isAvailable(): Promise<void> {
    if (this.#current !== undefined) return this.#current.isAvailable();
    // What came between the poll and this call must not be waited for again.
    return this.#queue.length > 0 || this.#noMoreSplits ? Promise.resolve() : this.#arrival.wait();
  }

  snapshotState(): readonly SplitT[] {
    return this.#current === undefined ? [...this.#queue] : [this.#current.snapshot(), ...this.#queue];
  }

  addSplits(splits: readonly SplitT[]): void {
    invariant(!this.#noMoreSplits, 'no split follows the end of splits', { splits: splits.length });
    this.#queue.push(...splits);
    this.#requested = false;
    this.#arrival.release();
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true;
    this.#requested = false;
    this.#arrival.release();
  }

  async close(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) this.#release(current);
    await this.#closing;
  }

  /** Undefined when there is no split to read; one was asked for unless none will come. */
  #openNext(): SplitReader<T, SplitT> | undefined {
    if (this.#queue.length === 0 && !this.#requested && !this.#noMoreSplits) {
      this.#requested = true;
      this.#context.requestSplit();
    }
    const split = this.#queue.shift();
    if (split === undefined) return undefined;
    if (this.#introduced > 0) this.#introduced--;
    this.#currentId = this.#splitId?.(split);
    this.#current = this.#open(split);
    return this.#current;
  }

  /** Every split holds the watermark back before any of them is read on. */
  #introduce(output: ReaderOutput<T>): void {
    const splitId = this.#splitId;
    if (splitId === undefined) return;
    const queue = this.#queue;
    for (; this.#introduced < queue.length; this.#introduced++) {
      const split = queue[this.#introduced];
      if (split !== undefined) output.createOutputForSplit(splitId(split));
    }
  }

  #release(reader: SplitReader<T, SplitT>): void {
    const before = this.#closing;
    this.#closing = (async () => {
      await before;
      await reader.close();
    })();
  }
}
