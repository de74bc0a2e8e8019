import { MillraceError } from '../base/millrace-error.js';
import { checkSynchronous } from '../operator/synchronous.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import { types } from '../serde/types.js';
import { InterleavedSourceReader } from './interleaved-source-reader.js';
import { checkOptionNames } from './option-names.js';
import { PacedSource } from './paced-source.js';
import type { SplitReader } from './sequential-source-reader.js';
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

/**
 * The indices next, next + step, ... below `end` (no end if undefined). Plain data: it goes into checkpoints.
 */
export interface DataGeneratorSplit {
  readonly next: number;
  readonly step: number;
  readonly end?: number | undefined;
}

const SPLIT_TYPE = types.object({
  next: types.float64,
  step: types.float64,
  end: types.optional(types.float64),
});

/** Makes the record with the given index. The same index must always give the same record. */
export type GeneratorFunction<T> = (index: number) => T;

/** Options of a {@link DataGeneratorSource}. */
export interface DataGeneratorOptions<T> {
  /**
   * At most so many records a second, each reader an equal part, as in Flink; as fast as possible when absent. The
   * splits of the readers that began stay whole: after a rescale to more readers some have none, and leave their part.
   */
  readonly ratePerSecond?: number;
  readonly type?: TypeDescriptor<T>;
}

/**
 * Emits fn(0), fn(1), ... up to `count` records, or without end: reader r of p has the indices r, r + p,
 * r + 2p, ..., in order, so that all readers advance together. A record is a function of its index alone, so
 * a generator resumes exactly.
 *
 * @example
 * ```ts
 * const ticks = new DataGeneratorSource((index) => ({ id: index, at: index * 100 }), 'unbounded', {
 *   ratePerSecond: 1000,
 *   type: types.object({ id: types.float64, at: types.timestamp }),
 * });
 * ```
 */
export class DataGeneratorSource<T> implements Source<T, DataGeneratorSplit, readonly DataGeneratorSplit[]> {
  readonly boundedness: Boundedness;
  readonly readersRestartAlone = true;
  readonly outputType?: TypeDescriptor<T>;
  readonly splitType = SPLIT_TYPE;
  readonly enumeratorStateType = types.array(SPLIT_TYPE);
  readonly #reading: Source<T, DataGeneratorSplit, readonly DataGeneratorSplit[]>;

  /** @throws MillraceError MR1001 if the count or the rate makes no sense */
  constructor(fn: GeneratorFunction<T>, count: number | 'unbounded', options: DataGeneratorOptions<T> = {}) {
    checkOptionNames(options, ['ratePerSecond', 'type'], 'DataGeneratorSource');
    checkSynchronous(fn, 'The function given to DataGeneratorSource');
    if (count !== 'unbounded' && (!Number.isSafeInteger(count) || count < 0)) {
      throw new MillraceError('MR1001', `DataGeneratorSource cannot make ${String(count)} records.`, {
        hint: "Give a whole number of records, or 'unbounded'.",
      });
    }
    this.boundedness = count === 'unbounded' ? 'continuous-unbounded' : 'bounded';
    if (options.type !== undefined) this.outputType = options.type;
    const unpaced = new UnpacedGenerator(fn, count === 'unbounded' ? undefined : count);
    const { ratePerSecond } = options;
    this.#reading = ratePerSecond === undefined ? unpaced : new PacedSource(unpaced, { ratePerSecond });
  }

  createEnumerator(
    context: SplitEnumeratorContext<DataGeneratorSplit>,
  ): SplitEnumerator<readonly DataGeneratorSplit[]> {
    return this.#reading.createEnumerator(context);
  }

  restoreEnumerator(
    context: SplitEnumeratorContext<DataGeneratorSplit>,
    state: readonly DataGeneratorSplit[],
  ): SplitEnumerator<readonly DataGeneratorSplit[]> {
    return this.#reading.restoreEnumerator(context, state);
  }

  createReader(context: SourceReaderContext): SourceReader<T, DataGeneratorSplit> {
    return this.#reading.createReader(context);
  }
}

class UnpacedGenerator<T> implements Source<T, DataGeneratorSplit, readonly DataGeneratorSplit[]> {
  readonly boundedness = 'bounded';
  readonly splitType = SPLIT_TYPE;
  readonly enumeratorStateType = types.array(SPLIT_TYPE);
  readonly #fn: GeneratorFunction<T>;
  readonly #count: number | undefined;

  constructor(fn: GeneratorFunction<T>, count: number | undefined) {
    this.#fn = fn;
    this.#count = count;
  }

  createEnumerator(
    context: SplitEnumeratorContext<DataGeneratorSplit>,
  ): SplitEnumerator<readonly DataGeneratorSplit[]> {
    const step = context.parallelism;
    const splits = Array.from({ length: step }, (_, next) => ({ next, step, end: this.#count }));
    return new StrideEnumerator(context, splits);
  }

  restoreEnumerator(
    context: SplitEnumeratorContext<DataGeneratorSplit>,
    state: readonly DataGeneratorSplit[],
  ): SplitEnumerator<readonly DataGeneratorSplit[]> {
    return new StrideEnumerator(context, state);
  }

  createReader(context: SourceReaderContext): SourceReader<T, DataGeneratorSplit> {
    return new InterleavedSourceReader(context, {
      splitId: ({ next, step }: DataGeneratorSplit) => `${next % step} of ${step}`,
      open: (split) => new DataGeneratorReader(this.#fn, split),
      // At a lower parallelism a reader has several; an unbounded one never makes way for another.
      splitsAtOnce: 1,
    });
  }
}

/**
 * Gives each subtask its own strides, all at once: they run through the same time, so one that was read after
 * another had ended would be late from its first record to its last.
 *
 * Invariants: a stride leaves the list in the same call that assigns it; whose it is depends on the stride and the
 * parallelism alone, so a subtask that had ended never owns one that is left.
 */
class StrideEnumerator implements SplitEnumerator<readonly DataGeneratorSplit[]> {
  readonly #context: SplitEnumeratorContext<DataGeneratorSplit>;
  #strides: readonly DataGeneratorSplit[];

  constructor(context: SplitEnumeratorContext<DataGeneratorSplit>, strides: readonly DataGeneratorSplit[]) {
    this.#context = context;
    this.#strides = strides;
  }

  start(): void {}

  handleSplitRequest(subtask: number): void {
    const { parallelism } = this.#context;
    const isOwn = ({ next, step }: DataGeneratorSplit) => (next % step) % parallelism === subtask;
    const own = this.#strides.filter(isOwn);
    this.#strides = this.#strides.filter((stride) => !isOwn(stride));
    for (const stride of own) this.#context.assignSplit(stride, subtask);
    this.#context.signalNoMoreSplits(subtask);
  }

  snapshotState(): readonly DataGeneratorSplit[] {
    return this.#strides;
  }
}

class DataGeneratorReader<T> implements SplitReader<T, DataGeneratorSplit> {
  readonly #fn: GeneratorFunction<T>;
  readonly #split: DataGeneratorSplit;
  readonly #end: number;
  #next: number;

  constructor(fn: GeneratorFunction<T>, split: DataGeneratorSplit) {
    this.#fn = fn;
    this.#split = split;
    this.#end = split.end ?? Number.MAX_SAFE_INTEGER;
    this.#next = split.next;
  }

  poll(output: ReaderOutput<T>): InputStatus {
    const { step } = this.#split;
    const end = this.#end;
    const fn = this.#fn;
    while (this.#next < end) {
      if (output.remaining <= 0) return InputStatus.MORE_AVAILABLE;
      const value = fn(this.#next);
      this.#next += step;
      output.collect(value);
    }
    return InputStatus.END_OF_INPUT;
  }

  async isAvailable(): Promise<void> {}

  snapshot(): DataGeneratorSplit {
    return { ...this.#split, next: this.#next };
  }

  close(): void {}
}
