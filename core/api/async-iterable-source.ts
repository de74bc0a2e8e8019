import { Availability } from '../base/availability.js';
import { MillraceError } from '../base/millrace-error.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import { checkOptionNames } from './option-names.js';
import { SequentialSourceReader, type SplitReader } from './sequential-source-reader.js';
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
import { SplitQueueEnumerator } from './split-queue-enumerator.js';

/** Where a restarted job stands. */
export interface IterableResumption {
  /** Records that the restored checkpoint holds; 0 at the first start. */
  readonly read: number;
}

/** Gives what is to be read: a Node `Readable`, an async generator, any iterable. Called when reading begins. */
export type OpenIterable<T> = (resumption: IterableResumption) => AsyncIterable<T> | Iterable<T>;

/** What is known of the records of an iterable. */
export interface AsyncIterableOptions<T> {
  readonly type?: TypeDescriptor<T>;
  /** It ends by itself. Without it the job counts as one that runs for ever; the end is seen all the same. */
  readonly bounded?: boolean;
}

/** Records read so far. Plain data: it goes into checkpoints. */
export interface IterableSplit {
  readonly read: number;
}

const SPLIT_TYPE = types.object({ read: types.float64 });

/** Records that are read ahead of the job, at most. */
const READ_AHEAD = 256;

/**
 * Reads what a Node `Readable` or any (async) iterable gives, from one subtask. It cannot be read again: what
 * was on its way when a task fails is lost (at-most-once), and the job says so when it starts. After a restart
 * the function is called anew; where it can, it goes on behind the `read` records that the checkpoint holds.
 *
 * @example
 * ```ts
 * const lines = new AsyncIterableSource<string>(() => openLines(), { type: types.string });
 * ```
 */
export class AsyncIterableSource<T> implements Source<T, IterableSplit, readonly IterableSplit[]> {
  readonly boundedness: Boundedness;
  readonly splitType = SPLIT_TYPE;
  readonly enumeratorStateType = types.array(SPLIT_TYPE);
  readonly isReplayable = false;
  readonly outputType?: TypeDescriptor<T>;
  readonly #open: OpenIterable<T>;

  /** @throws MillraceError MR1001 if it is no function: building a job does no input */
  constructor(open: OpenIterable<T>, options: AsyncIterableOptions<T> = {}) {
    checkOptionNames(options, ['type', 'bounded'], 'AsyncIterableSource');
    if (typeof open !== 'function') {
      throw new MillraceError('MR1001', 'An iterable is given to a source by a function that opens it.', {
        hint: 'Write () => createReadStream(path): every thread builds the job, and only one of them reads.',
      });
    }
    this.boundedness = options.bounded === true ? 'bounded' : 'continuous-unbounded';
    if (options.type !== undefined) this.outputType = options.type;
    this.#open = open;
  }

  createEnumerator(
    context: SplitEnumeratorContext<IterableSplit>,
  ): SplitEnumerator<readonly IterableSplit[]> {
    return new SplitQueueEnumerator(context, [{ read: 0 }]);
  }

  restoreEnumerator(
    context: SplitEnumeratorContext<IterableSplit>,
    state: readonly IterableSplit[],
  ): SplitEnumerator<readonly IterableSplit[]> {
    return new SplitQueueEnumerator(context, state);
  }

  createReader(context: SourceReaderContext): SourceReader<T, IterableSplit> {
    return new SequentialSourceReader(
      context,
      (split: IterableSplit) => new IterableReader(this.#open, split),
    );
  }
}

/**
 * Reads ahead beside the task, and hands on by the batch.
 *
 * Invariants: one `next` is under way at a time; none while `READ_AHEAD` records wait; `#read` counts what was
 * handed on.
 */
class IterableReader<T> implements SplitReader<T, IterableSplit> {
  readonly #iterable: AsyncIterable<T> | Iterable<T>;
  readonly #iterator: AsyncIterator<T> | Iterator<T>;
  readonly #arrival: Availability;
  #waiting: T[];
  #next: number;
  #read: number;
  #reading: boolean;
  #done: boolean;
  #failure: { readonly error: unknown } | undefined;

  constructor(open: OpenIterable<T>, { read }: IterableSplit) {
    this.#iterable = open({ read });
    this.#iterator = iteratorOf(this.#iterable);
    this.#arrival = new Availability();
    this.#waiting = [];
    this.#next = 0;
    this.#read = read;
    this.#reading = false;
    this.#done = false;
    this.#failure = undefined;
  }

  poll(output: ReaderOutput<T>): InputStatus {
    while (this.#next < this.#waiting.length && output.remaining > 0) {
      this.#read++;
      output.collect(this.#waiting[this.#next++] as T);
    }
    if (this.#next < this.#waiting.length) return InputStatus.MORE_AVAILABLE;
    this.#waiting = [];
    this.#next = 0;
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#done) return InputStatus.END_OF_INPUT;
    if (!this.#reading) void this.#readAhead();
    return InputStatus.NOTHING_AVAILABLE;
  }

  isAvailable(): Promise<void> {
    const settled = this.#waiting.length > 0 || this.#done || this.#failure !== undefined;
    return settled ? Promise.resolve() : this.#arrival.wait();
  }

  snapshot(): IterableSplit {
    return { read: this.#read };
  }

  /** A `next` that is under way may never settle, and is not waited for. */
  close(): void {
    if (this.#done) return;
    this.#done = true;
    const { destroy } = this.#iterable as { destroy?: unknown };
    if (typeof destroy === 'function') {
      destroy.call(this.#iterable);
      return;
    }
    const returned = this.#iterator.return?.();
    if (returned instanceof Promise) {
      returned.catch(() => {
        // What is closed was only read: nothing can be lost by its failure.
      });
    }
  }

  async #readAhead(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#waiting.length < READ_AHEAD && !this.#done) {
        const { value, done } = await this.#iterator.next();
        if (done === true) this.#done = true;
        else this.#waiting.push(value);
        this.#arrival.release();
      }
    } catch (error) {
      this.#failure = { error };
      this.#arrival.release();
    }
    this.#reading = false;
  }
}

function iteratorOf<T>(iterable: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = (iterable ??
    {}) as Partial<AsyncIterable<T> & Iterable<T>>;
  if (typeof asynchronous === 'function') return asynchronous.call(iterable);
  if (typeof synchronous === 'function') return synchronous.call(iterable);
  throw new MillraceError(
    'MR1001',
    'The function given to an AsyncIterableSource returned nothing to iterate over.',
    {
      hint: 'Return a Readable, an async generator or an iterable.',
    },
  );
}
