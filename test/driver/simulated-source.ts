import {
  InputStatus,
  InterleavedSourceReader,
  type ReaderOutput,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SplitEnumerator,
  type SplitEnumeratorContext,
  SplitQueueEnumerator,
  type SplitReader,
  type TypeDescriptor,
} from '../../core/internal.js';

/** Plain data: it goes into checkpoints. */
export interface SimulatedSplit {
  readonly split: number;
  readonly next: number;
}

export interface SimulatedValues<T> {
  readonly values: readonly T[];
  /** Value n is in split n modulo this. */
  readonly splits: number;
  /** Event time of a value, ms; undefined: none, until one is assigned. */
  readonly timestamp: ((value: T) => number) | undefined;
  readonly type: TypeDescriptor<T> | undefined;
  /** Virtual time after each value of a split, ms. */
  readonly paceMs: number;
}

/**
 * Gives values one by one, with virtual time between them, so that checkpoints and faults come on the way. Replayable;
 * its splits are read side by side, each in its order and with a watermark of its own.
 */
export class SimulatedSource<T> implements Source<T, SimulatedSplit, readonly SimulatedSplit[]> {
  readonly boundedness = 'bounded';
  readonly readersRestartAlone = true;
  readonly outputType?: TypeDescriptor<T>;
  readonly #given: SimulatedValues<T>;

  constructor(given: SimulatedValues<T>) {
    this.#given = given;
    if (given.type !== undefined) this.outputType = given.type;
  }

  createEnumerator(
    context: SplitEnumeratorContext<SimulatedSplit>,
  ): SplitEnumerator<readonly SimulatedSplit[]> {
    const splits = Array.from({ length: this.#given.splits }, (_, split) => ({ split, next: split }));
    return new SplitQueueEnumerator(context, splits);
  }

  restoreEnumerator(
    context: SplitEnumeratorContext<SimulatedSplit>,
    state: readonly SimulatedSplit[],
  ): SplitEnumerator<readonly SimulatedSplit[]> {
    return new SplitQueueEnumerator(context, state);
  }

  createReader(context: SourceReaderContext): SourceReader<T, SimulatedSplit> {
    return new InterleavedSourceReader(context, {
      open: (split: SimulatedSplit) => new SimulatedSplitReader(this.#given, context, split),
      splitId: ({ split }: SimulatedSplit) => `split-${split}`,
    });
  }
}

class SimulatedSplitReader<T> implements SplitReader<T, SimulatedSplit> {
  readonly #given: SimulatedValues<T>;
  readonly #context: SourceReaderContext;
  readonly #split: number;
  #next: number;
  #rested = false;

  constructor(given: SimulatedValues<T>, context: SourceReaderContext, { split, next }: SimulatedSplit) {
    this.#given = given;
    this.#context = context;
    this.#split = split;
    this.#next = next;
  }

  poll(output: ReaderOutput<T>): InputStatus {
    const { values, splits, timestamp } = this.#given;
    if (this.#next >= values.length) return InputStatus.END_OF_INPUT;
    this.#rested = !this.#rested;
    if (this.#rested) return InputStatus.NOTHING_AVAILABLE;
    const value = values[this.#next] as T;
    this.#next += splits;
    if (timestamp === undefined) output.collect(value);
    else output.collect(value, timestamp(value));
    return InputStatus.MORE_AVAILABLE;
  }

  isAvailable(): Promise<void> {
    return this.#context.sleep(this.#given.paceMs);
  }

  snapshot(): SimulatedSplit {
    return { split: this.#split, next: this.#next };
  }

  close(): void {}
}
