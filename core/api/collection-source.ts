import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import { SequentialSourceReader, type SplitReader } from './sequential-source-reader.js';
import {
  InputStatus,
  type ReaderOutput,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SplitEnumerator,
  type SplitEnumeratorContext,
} from './source.js';
import { SplitQueueEnumerator } from './split-queue-enumerator.js';

/** The values from `next` on. Plain data: it goes into checkpoints. */
export interface CollectionSplit {
  readonly next: number;
}

const SPLIT_TYPE = types.object({ next: types.float64 });

/**
 * Emits the values of an array, in order: one reader reads them all. Every thread makes the array for itself
 * when it builds the job, so building it must give the same values each time.
 *
 * @example
 * ```ts
 * const words = new CollectionSource(['to', 'be', 'or', 'not', 'to', 'be'], types.string);
 * ```
 */
export class CollectionSource<T> implements Source<T, CollectionSplit, readonly CollectionSplit[]> {
  readonly boundedness = 'bounded';
  readonly outputType?: TypeDescriptor<T>;
  readonly splitType = SPLIT_TYPE;
  readonly enumeratorStateType = types.array(SPLIT_TYPE);
  readonly #values: readonly T[];

  constructor(values: Iterable<T>, type?: TypeDescriptor<T>) {
    this.#values = Array.from(values);
    if (type !== undefined) this.outputType = type;
  }

  createEnumerator(
    context: SplitEnumeratorContext<CollectionSplit>,
  ): SplitEnumerator<readonly CollectionSplit[]> {
    return new SplitQueueEnumerator(context, [{ next: 0 }]);
  }

  restoreEnumerator(
    context: SplitEnumeratorContext<CollectionSplit>,
    state: readonly CollectionSplit[],
  ): SplitEnumerator<readonly CollectionSplit[]> {
    return new SplitQueueEnumerator(context, state);
  }

  createReader(context: SourceReaderContext): SourceReader<T, CollectionSplit> {
    return new SequentialSourceReader(
      context,
      (split: CollectionSplit) => new CollectionReader(this.#values, split),
    );
  }
}

class CollectionReader<T> implements SplitReader<T, CollectionSplit> {
  readonly #values: readonly T[];
  #next: number;

  constructor(values: readonly T[], split: CollectionSplit) {
    this.#values = values;
    this.#next = split.next;
  }

  poll(output: ReaderOutput<T>): InputStatus {
    const values = this.#values;
    while (this.#next < values.length) {
      if (output.remaining <= 0) return InputStatus.MORE_AVAILABLE;
      output.collect(values[this.#next++] as T);
    }
    return InputStatus.END_OF_INPUT;
  }

  async isAvailable(): Promise<void> {}

  snapshot(): CollectionSplit {
    return { next: this.#next };
  }

  close(): void {}
}
