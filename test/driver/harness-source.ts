import {
  Availability,
  type Boundedness,
  InputStatus,
  type ReaderOutput,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SplitEnumerator,
  type SplitEnumeratorContext,
  SplitQueueEnumerator,
  type TypeDescriptor,
} from '../../core/internal.js';

/** What is pushed into a source, in order. */
export type FeedItem =
  | { readonly type: 'record'; readonly value: unknown; readonly timestamp: number | undefined }
  | { readonly type: 'watermark'; readonly timestamp: number }
  | { readonly type: 'idle' };

/**
 * What the test pushes and the source of that name reads.
 *
 * Invariant: nothing is added once it has ended.
 */
export class HarnessFeed {
  readonly arrival = new Availability();
  ended = false;
  #items: FeedItem[] = [];

  push(item: FeedItem): void {
    this.#items.push(item);
    this.arrival.release();
  }

  end(): void {
    this.ended = true;
    this.arrival.release();
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  next(): FeedItem | undefined {
    return this.#items.shift();
  }
}

/** Reads a feed: one reader, no splits. Nothing of it is in a checkpoint but how far event time has come. */
export class HarnessSource<T> implements Source<T, never, readonly never[]> {
  readonly boundedness: Boundedness;
  readonly outputType?: TypeDescriptor<T>;
  readonly #feed: HarnessFeed;

  constructor(feed: HarnessFeed, boundedness: Boundedness, type: TypeDescriptor<T> | undefined) {
    this.#feed = feed;
    this.boundedness = boundedness;
    if (type !== undefined) this.outputType = type;
  }

  createEnumerator(context: SplitEnumeratorContext<never>): SplitEnumerator<readonly never[]> {
    return new SplitQueueEnumerator(context, []);
  }

  restoreEnumerator(context: SplitEnumeratorContext<never>): SplitEnumerator<readonly never[]> {
    return new SplitQueueEnumerator(context, []);
  }

  createReader(context: SourceReaderContext): SourceReader<T, never> {
    return new FeedReader(this.#feed, context);
  }
}

class FeedReader<T> implements SourceReader<T, never> {
  readonly #feed: HarnessFeed;
  readonly #context: SourceReaderContext;
  #requested = false;
  #noMoreSplits = false;

  constructor(feed: HarnessFeed, context: SourceReaderContext) {
    this.#feed = feed;
    this.#context = context;
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    if (!this.#requested) {
      this.#requested = true;
      this.#context.requestSplit();
    }
    const feed = this.#feed;
    while (output.remaining > 0) {
      const item = feed.next();
      if (item === undefined) {
        return feed.ended && this.#noMoreSplits ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
      }
      if (item.type === 'record') output.collect(item.value as T, item.timestamp);
      else if (item.type === 'watermark') output.emitWatermark(item.timestamp);
      else output.markIdle();
    }
    return InputStatus.MORE_AVAILABLE;
  }

  isAvailable(): Promise<void> {
    return this.#feed.arrival.wait();
  }

  snapshotState(): readonly never[] {
    return [];
  }

  addSplits(): void {}

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true;
    this.#feed.arrival.release();
  }
}
