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
 * source now; `end`: it has no more splits; `finished`: it has been read to its end, and that was told.
 */
export type HybridSplit =
  | { readonly source: number; readonly kind: 'split'; readonly split: unknown }
  | { readonly source: number; readonly kind: 'begin' | 'end' | 'finished' };

/**
 * Reads one source after another, each with a reader of its own.
 *
 * Invariants: one reader is open at a time; a source that was read to its end is told as finished once, by
 * asking for a split; nothing is polled while the next reader is starting.
 */
export class HybridSourceReader<T> implements SourceReader<T, HybridSplit> {
  readonly #sources: readonly Source<T>[];
  readonly #context: SourceReaderContext;
  readonly #arrival: Availability;
  #source: number;
  #reader: SourceReader<T, unknown>;
  #starting: boolean;
  /** The source has no more splits. */
  #ended: boolean;
  #finished: boolean;
  /** It has finished, and that is still to be told. */
  #untold: boolean;
  #failure: { readonly error: unknown } | undefined;
  #closing: Promise<void>;

  constructor(sources: readonly Source<T>[], context: SourceReaderContext) {
    this.#sources = sources;
    this.#context = context;
    this.#arrival = new Availability();
    this.#source = 0;
    this.#reader = this.#open(0);
    this.#starting = false;
    this.#ended = false;
    this.#finished = false;
    this.#untold = false;
    this.#failure = undefined;
    this.#closing = Promise.resolve();
  }

  start(): void | Promise<void> {
    return this.#reader.start?.();
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#untold) this.#tellFinished();
    if (this.#finished || this.#starting) return InputStatus.NOTHING_AVAILABLE;
    const status = this.#reader.pollNext(output);
    if (status !== InputStatus.END_OF_INPUT || this.#source === this.#sources.length - 1) return status;
    this.#finished = true;
    this.#tellFinished();
    return InputStatus.NOTHING_AVAILABLE;
  }

  isAvailable(): Promise<void> {
    const waits = (this.#finished || this.#starting) && this.#failure === undefined;
    return waits
      ? this.#arrival.wait()
      : this.#failure === undefined
        ? this.#reader.isAvailable()
        : Promise.resolve();
  }

  snapshotState(checkpointId: number): readonly HybridSplit[] {
    const source = this.#source;
    if (this.#finished) return [{ source, kind: 'finished' }];
    const splits = this.#reader
      .snapshotState(checkpointId)
      .map((split): HybridSplit => ({ source, kind: 'split', split }));
    const begin: HybridSplit = { source, kind: 'begin' };
    return this.#ended ? [begin, ...splits, { source, kind: 'end' }] : [begin, ...splits];
  }

  addSplits(splits: readonly HybridSplit[]): void {
    for (const split of splits) {
      if (split.source !== this.#source) this.#switchTo(split.source);
      if (split.kind === 'split') this.#reader.addSplits([split.split]);
      else if (split.kind === 'end') {
        this.#ended = true;
        this.#reader.notifyNoMoreSplits();
      } else if (split.kind === 'finished') {
        // Restored: whether the enumerator has heard of it is not known, and it hears it once more.
        this.#finished = true;
        this.#untold = true;
      }
    }
    this.#arrival.release();
  }

  notifyNoMoreSplits(): void {
    this.#reader.notifyNoMoreSplits();
    this.#arrival.release();
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#reader.notifyCheckpointComplete?.(checkpointId);
  }

  pauseOrResumeSplits(paused: readonly string[], resumed: readonly string[]): void {
    this.#reader.pauseOrResumeSplits?.(paused, resumed);
  }

  async close(): Promise<void> {
    await this.#closing;
    await this.#reader.close?.();
  }

  #tellFinished(): void {
    this.#untold = false;
    this.#context.requestSplit();
  }

  #switchTo(source: number): void {
    invariant(source > this.#source, 'sources follow one another', { from: this.#source, to: source });
    const [before, closing] = [this.#reader, this.#closing];
    this.#closing = (async () => {
      await closing;
      await before.close?.();
    })();
    this.#source = source;
    this.#ended = false;
    this.#finished = false;
    this.#reader = this.#open(source);
    const started = this.#reader.start?.();
    if (!(started instanceof Promise)) return;
    this.#starting = true;
    started.then(
      () => {
        this.#starting = false;
        this.#arrival.release();
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#arrival.release();
      },
    );
  }

  #open(index: number): SourceReader<T, unknown> {
    const source = this.#sources[index];
    invariant(source !== undefined, 'a reader is sent to one of the sources', { index });
    return source.createReader(this.#context);
  }
}
