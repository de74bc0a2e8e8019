import { Availability } from '../base/availability.js';
import { invariant } from '../base/invariant.js';
import {
  InputStatus,
  type ReaderOutput,
  type Source,
  type SourceReader,
  type SourceReaderContext,
} from './source.js';

/**
 * What a reader of a hybrid source is sent, and what of it is in its snapshot. Plain data. `begin`: read that
 * source now; `end`: it has no more splits. A snapshot holds splits, and the source; those of earlier versions also
 * hold `end` and `finished`, of which the enumerator is asked anew.
 */
export type HybridSplit =
  | { readonly source: number; readonly kind: 'split'; readonly split: unknown }
  | { readonly source: number; readonly kind: 'begin' | 'end' | 'finished' };

/**
 * Reads one source after another, each with a reader of its own.
 *
 * Invariants:
 * - one reader is open at a time; nothing is polled while the next one is starting;
 * - at most one request is unanswered; the answer is a split, the end of the source, or the next one;
 * - a source that was read to its end is told as finished once, by asking for a split;
 * - it never goes back: of several readers that go on as one, some may not have been told of the present source yet;
 * - where there are no more splits at all, all sources but the last have been read to their end.
 */
export class HybridSourceReader<T> implements SourceReader<T, HybridSplit> {
  readonly #sources: readonly Source<T>[];
  readonly #context: SourceReaderContext;
  readonly #arrival: Availability;
  #source: number;
  #reader: SourceReader<T, unknown>;
  #starting: boolean;
  #finished: boolean;
  #asked: boolean;
  /** Until then comes what was restored. */
  #polled: boolean;
  /** Of the readers of the sources. */
  readonly #ownContext: SourceReaderContext;
  #failure: { readonly error: unknown } | undefined;
  readonly #wake = (): void => this.#arrival.release();
  readonly #fail = (error: unknown): void => {
    this.#failure = { error };
    this.#wake();
  };
  #closing: Promise<void>;

  constructor(sources: readonly Source<T>[], context: SourceReaderContext) {
    this.#sources = sources;
    this.#context = context;
    this.#arrival = new Availability();
    this.#asked = false;
    this.#polled = false;
    this.#ownContext = {
      subtaskIndex: context.subtaskIndex,
      parallelism: context.parallelism,
      fileSystem: context.fileSystem,
      clock: context.clock,
      sleep: (delayMs) => context.sleep(delayMs),
      countSkippedRecord: () => context.countSkippedRecord(),
      requestSplit: () => this.#ask(),
    };
    this.#source = 0;
    this.#reader = this.#open(0);
    this.#starting = false;
    this.#finished = false;
    this.#failure = undefined;
    this.#closing = Promise.resolve();
  }

  start(): void | Promise<void> {
    return this.#reader.start?.();
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#polled = true;
    if (this.#finished || this.#starting) return InputStatus.NOTHING_AVAILABLE;
    const status = this.#reader.pollNext(output);
    if (status !== InputStatus.END_OF_INPUT || this.#source === this.#sources.length - 1) return status;
    this.#finished = true;
    this.#ask();
    return InputStatus.NOTHING_AVAILABLE;
  }

  /** Who waits for a reader is also woken where that is replaced: what it promised may never come. */
  isAvailable(): Promise<void> {
    if (this.#failure !== undefined) return Promise.resolve();
    const arrival = this.#arrival.wait();
    if (!this.#finished && !this.#starting) this.#reader.isAvailable().then(this.#wake, this.#fail);
    return arrival;
  }

  snapshotState(checkpointId: number): readonly HybridSplit[] {
    const source = this.#source;
    if (this.#finished) return [{ source, kind: 'begin' }];
    const splits = this.#reader
      .snapshotState(checkpointId)
      .map((split): HybridSplit => ({ source, kind: 'split', split }));
    return [{ source, kind: 'begin' }, ...splits];
  }

  addSplits(splits: readonly HybridSplit[]): void {
    for (const split of splits) {
      if (split.source < this.#source) {
        invariant(split.kind !== 'split', 'a source begins when the one before has no splits left', split);
        continue;
      }
      if (split.source > this.#source) this.#switchTo(split.source);
      if (split.kind === 'split') {
        this.#asked = false;
        this.#reader.addSplits([split.split]);
      } else if (split.kind === 'end' && this.#polled) {
        this.#asked = false;
        this.#reader.notifyNoMoreSplits();
      }
    }
    this.#arrival.release();
  }

  /** Of the last source, which who begins after a reader has ended for good was never sent to. */
  notifyNoMoreSplits(): void {
    this.#asked = false;
    const last = this.#sources.length - 1;
    if (this.#source < last) this.#switchTo(last);
    this.#reader.notifyNoMoreSplits();
    this.#arrival.release();
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#reader.notifyCheckpointComplete?.(checkpointId);
  }

  pauseOrResumeSplits(paused: readonly string[], resumed: readonly string[]): void {
    this.#reader.pauseOrResumeSplits?.(paused, resumed);
  }

  /** From the end of one source to the beginning of the next, for which all must have come to that end. */
  waitsForOthers(): boolean {
    return this.#finished || this.#reader.waitsForOthers?.() === true;
  }

  async close(): Promise<void> {
    await this.#closing;
    await this.#reader.close?.();
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#context.requestSplit();
  }

  #switchTo(source: number): void {
    const [before, closing] = [this.#reader, this.#closing];
    this.#closing = (async () => {
      await closing;
      await before.close?.();
    })();
    this.#source = source;
    // The next source is the answer to who said that he has finished this one.
    if (this.#finished) this.#asked = false;
    this.#finished = false;
    this.#reader = this.#open(source);
    const started = this.#reader.start?.();
    if (!(started instanceof Promise)) return;
    this.#starting = true;
    started.then(() => {
      this.#starting = false;
      this.#wake();
    }, this.#fail);
  }

  #open(index: number): SourceReader<T, unknown> {
    const source = this.#sources[index];
    invariant(source !== undefined, 'a reader is sent to one of the sources', { index });
    return source.createReader(this.#ownContext);
  }
}
