import {
  type FileSystem,
  InputStatus,
  type OutputTag,
  type ReaderOutput,
  type Source,
  type SourceReader,
  type SourceReaderContext,
  type SplitEnumerator,
} from '../../core/internal.js';

/** What a {@link SourceDriver} takes to go on where another one stopped. Plain data, as in a checkpoint. */
export interface SourceSnapshot {
  readonly enumerator: unknown;
  readonly readers: readonly (readonly unknown[])[];
}

export interface SourceDriverOptions {
  readonly fileSystem: FileSystem;
  readonly parallelism?: number;
  /** Default: a clock that stands still until a reader sleeps, which advances it. */
  readonly clock?: DrivenClock;
}

/** A clock that only moves when somebody sleeps. */
export class DrivenClock {
  #nowMs = 0;

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

interface DrivenReader<T> {
  readonly reader: SourceReader<T, unknown>;
  readonly output: RecordingOutput<T>;
  ended: boolean;
  /** It said that nothing is available, and nobody has waited since. */
  waiting: boolean;
}

/**
 * Runs a source without an engine: its enumerator and readers on this thread, polled in turn. Reads a number
 * of records, takes snapshots between any two, and can be started again from one.
 *
 * @example
 * ```ts
 * const driver = await SourceDriver.start(source, { fileSystem });
 * const first = await driver.read(10);
 * const rest = await (await SourceDriver.restore(source, { fileSystem }, driver.snapshot())).readAll();
 * ```
 */
export class SourceDriver<T> {
  readonly sideOutputs = new Map<string, unknown[]>();
  readonly clock: DrivenClock;
  skippedRecords = 0;
  readonly #source: Source<T>;
  readonly #fileSystem: FileSystem;
  readonly #parallelism: number;
  readonly #readers: DrivenReader<T>[] = [];
  readonly #work: Promise<void>[] = [];
  #enumerator: SplitEnumerator<unknown> | undefined;
  #turn = 0;

  private constructor(source: Source<T>, options: SourceDriverOptions) {
    this.#source = source;
    this.#fileSystem = options.fileSystem;
    this.#parallelism = options.parallelism ?? 1;
    this.clock = options.clock ?? new DrivenClock();
  }

  static async start<T>(source: Source<T>, options: SourceDriverOptions): Promise<SourceDriver<T>> {
    const driver = new SourceDriver(source, options);
    driver.#enumerator = source.createEnumerator(driver.#enumeratorContext());
    await driver.#open([]);
    return driver;
  }

  static async restore<T>(
    source: Source<T>,
    options: SourceDriverOptions,
    snapshot: SourceSnapshot,
  ): Promise<SourceDriver<T>> {
    const driver = new SourceDriver(source, options);
    const copy = structuredClone(snapshot);
    driver.#enumerator = source.restoreEnumerator(driver.#enumeratorContext(), copy.enumerator);
    await driver.#open(copy.readers);
    return driver;
  }

  /** Up to `count` records, fewer only at the end of the input; `batch` of them at most in one poll. */
  async read(count: number, batch = 7): Promise<T[]> {
    const records: T[] = [];
    while (records.length < count) {
      const driven = this.#nextReader();
      if (driven === undefined) {
        if (this.#readers.every((each) => each.ended)) break;
        await this.#wait();
        continue;
      }
      driven.output.begin(Math.min(batch, count - records.length));
      const status = driven.reader.pollNext(driven.output);
      for (const record of driven.output.take()) records.push(record);
      if (status === InputStatus.END_OF_INPUT) driven.ended = true;
      driven.waiting = status === InputStatus.NOTHING_AVAILABLE;
    }
    return records;
  }

  async readAll(batch = 1000): Promise<T[]> {
    return this.read(Number.POSITIVE_INFINITY, batch);
  }

  snapshot(): SourceSnapshot {
    const enumerator = this.#enumerator?.snapshotState(1);
    return structuredClone({
      enumerator,
      readers: this.#readers.map((driven) => driven.reader.snapshotState(1)),
    });
  }

  async close(): Promise<void> {
    for (const driven of this.#readers) await driven.reader.close?.();
    await this.#enumerator?.close?.();
  }

  async #open(restored: readonly (readonly unknown[])[]): Promise<void> {
    for (let subtask = 0; subtask < this.#parallelism; subtask++) {
      const reader = this.#source.createReader(this.#readerContext(subtask));
      const output = new RecordingOutput<T>(this.sideOutputs);
      this.#readers.push({ reader, output, ended: false, waiting: false });
      await reader.start?.();
      const splits = restored[subtask] ?? [];
      if (splits.length > 0) reader.addSplits(splits);
    }
    await this.#enumerator?.start();
  }

  #nextReader(): DrivenReader<T> | undefined {
    for (let i = 0; i < this.#parallelism; i++) {
      const driven = this.#readers[this.#turn++ % this.#parallelism];
      if (driven !== undefined && !driven.ended && !driven.waiting) return driven;
    }
    return undefined;
  }

  /** Until some reader can go on, or work of the enumerator has been done. */
  async #wait(): Promise<void> {
    const work = this.#work.splice(0);
    if (work.length > 0) await Promise.all(work);
    else await Promise.race(this.#readers.filter((d) => d.waiting).map((d) => d.reader.isAvailable()));
    for (const driven of this.#readers) driven.waiting = false;
  }

  #enumeratorContext() {
    return {
      parallelism: this.#parallelism,
      fileSystem: this.#fileSystem,
      clock: this.clock,
      assignSplit: (split: unknown, subtask: number): void =>
        this.#readers[subtask]?.reader.addSplits([structuredClone(split)]),
      signalNoMoreSplits: (subtask: number): void => this.#readers[subtask]?.reader.notifyNoMoreSplits(),
      setIsProcessingBacklog: (): void => {},
      callAsync: <V>(work: () => Promise<V>, handle: (value: V) => void): void => {
        this.#work.push(work().then(handle));
      },
    };
  }

  #readerContext(subtaskIndex: number): SourceReaderContext {
    return {
      subtaskIndex,
      parallelism: this.#parallelism,
      fileSystem: this.#fileSystem,
      clock: this.clock,
      sleep: async (delayMs) => {
        this.clock.advance(delayMs);
      },
      countSkippedRecord: () => {
        this.skippedRecords++;
      },
      requestSplit: () => this.#enumerator?.handleSplitRequest(subtaskIndex),
    };
  }
}

class RecordingOutput<T> implements ReaderOutput<T> {
  remaining = 0;
  #records: T[] = [];
  readonly #sideOutputs: Map<string, unknown[]>;

  constructor(sideOutputs: Map<string, unknown[]>) {
    this.#sideOutputs = sideOutputs;
  }

  begin(limit: number): void {
    this.remaining = limit;
  }

  collect(value: T): void {
    this.remaining--;
    this.#records.push(value);
  }

  createOutputForSplit(): this {
    return this;
  }

  releaseOutputForSplit(): void {}

  sideOutput<X>(tag: OutputTag<X>, value: X): void {
    const values = this.#sideOutputs.get(tag.id);
    if (values === undefined) this.#sideOutputs.set(tag.id, [value]);
    else values.push(value);
  }

  /** Event time is not driven here. */
  emitWatermark(): void {}

  markIdle(): void {}

  markActive(): void {}

  take(): T[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }
}
