// hot path: chain.bench.ts
import type { OutputTag } from '../api/output-tag.js';
import type { InputStatus, ReaderOutput, Source, SourceReader, SourceReaderContext } from '../api/source.js';
import { NO_TIMESTAMP, Watermark } from '../element/watermark.js';
import type { HeldBackBy } from '../protocol/event-time-report.js';
import type { WatermarkStrategy } from '../watermark/watermark-strategy.js';
import { AbstractStreamOperator } from './abstract-stream-operator.js';
import { OperatorLists } from './operator-list.js';
import { SourceAlignment } from './source-alignment.js';
import { SourceCoordinatorOperator, storedEnumerator } from './source-coordinator.js';
import type {
  SourceOperatorFactory,
  SourceReaderHost,
  SourceStreamOperator,
} from './source-stream-operator.js';
import { SplitWatermarks } from './split-watermarks.js';
import { itemsKey, type StoredItems } from './stored-items.js';
import type {
  ChainedOperatorContext,
  Input,
  OperatorSnapshot,
  Output,
  UserCodePosition,
} from './stream-operator.js';
import { TimestampsAndWatermarks, type WatermarkSnapshot } from './timestamps-and-watermarks.js';
import { WakeUps } from './wake-ups.js';

const EVENT_TIME = 'event-time';
const NOTHING_AVAILABLE: typeof InputStatus.NOTHING_AVAILABLE = 1;

/**
 * Runs the reader of a source: its splits are operator state, its records get timestamps and make
 * watermarks.
 *
 * Invariant: restored splits are added before the first poll.
 */
class SourceOperator<T, SplitT> extends AbstractStreamOperator<T> implements SourceStreamOperator {
  readonly inputs: readonly Input<never>[];
  readonly #reader: SourceReader<T, SplitT>;
  readonly #stage: TimestampsAndWatermarks<T>;
  readonly #splits: SplitWatermarks<T>;
  readonly #readerOutput: SourceOutput<T>;
  readonly #alignment: SourceAlignment<T, SplitT> | undefined;
  readonly #lists: OperatorLists;
  readonly #stored: StoredItems<SplitT>;
  readonly #wakeUps: WakeUps;

  constructor(
    context: ChainedOperatorContext,
    output: Output<T>,
    source: Source<T, SplitT>,
    strategy: WatermarkStrategy<T>,
    host: SourceReaderHost,
  ) {
    super(context, output);
    this.inputs = [];
    this.#stage = new TimestampsAndWatermarks(strategy, context, output);
    this.#splits = new SplitWatermarks(strategy, context, output, this.#stage);
    this.#readerOutput = new SourceOutput(this.#stage, this.#splits, context, output);
    this.#lists = new OperatorLists(context);
    this.#stored = storedSplits(source);
    this.#wakeUps = new WakeUps(context);
    this.#reader = source.createReader(readerContext(context, this.#wakeUps, () => host.requestSplit()));
    const { alignment } = strategy;
    if (alignment !== undefined)
      this.#alignment = new SourceAlignment(alignment, host, this.#stage, this.#splits, this.#reader);
  }

  override async open(): Promise<void> {
    const eventTime = this.#lists.restored(EVENT_TIME) as WatermarkSnapshot[];
    this.#stage.restore(eventTime, this.context);
    this.#splits.restore(eventTime, this.context.restoredCheckpointId ?? 0);
    await this.#reader.start?.();
    const splits = this.#lists.restoredItems(this.#stored);
    if (splits.length > 0) this.#reader.addSplits(splits);
    const alignment = this.#alignment;
    if (this.#stage.isPeriodic || alignment !== undefined) {
      this.#wakeUps.every(this.context.autoWatermarkIntervalMs, (nowMs) => this.#onPeriodicEmit(nowMs));
    }
    if (alignment === undefined) return;
    alignment.report();
    this.#wakeUps.every(alignment.updateIntervalMs, () => alignment.report());
  }

  poll(budget: number): InputStatus {
    this.#stage.tellRestored();
    if (this.#alignment?.isAhead() === true) return NOTHING_AVAILABLE;
    const readerOutput = this.#readerOutput;
    readerOutput.remaining = budget;
    this.context.userCode.node = this.context.chainIndex;
    return this.#reader.pollNext(readerOutput);
  }

  isAvailable(): Promise<void> {
    return this.#alignment?.isAhead() === true ? this.#alignment.caughtUp() : this.#reader.isAvailable();
  }

  alignTo(groupWatermark: number): void {
    this.#alignment?.alignTo(groupWatermark);
  }

  heldBackBy(): HeldBackBy[] {
    const { currentWatermark, isIdle } = this.#stage;
    if (currentWatermark === Watermark.MAX || isIdle) return [];
    if (this.#alignment?.isAhead() === true) return [{ kind: 'alignment', group: this.#alignment.group }];
    return this.#splits.any ? this.#splits.heldBackBy() : [{ kind: 'records' }];
  }

  addSplits(splits: readonly unknown[]): void {
    this.#reader.addSplits(splits as readonly SplitT[]);
  }

  notifyNoMoreSplits(): void {
    this.#reader.notifyNoMoreSplits();
  }

  override endInput(): void {
    this.#stage.onEnd();
    this.#alignment?.report();
  }

  override onWake(): void {
    this.#wakeUps.onWake();
  }

  override snapshotState(checkpointId: number): OperatorSnapshot {
    const splits = this.#reader.snapshotState(checkpointId);
    const parts = this.#splits.snapshot(checkpointId);
    const whole = this.#stage.snapshot(this.context);
    const eventTime: WatermarkSnapshot = parts === undefined ? whole : { ...whole, splits: parts };
    return {
      keyed: undefined,
      lists: {
        [itemsKey(this.#stored)]: this.#lists.encodeItems('split', this.#stored, splits),
        [EVENT_TIME]: this.#lists.encode('watermark', [eventTime]),
      },
    };
  }

  override notifyCheckpointComplete(checkpointId: number): void {
    this.#reader.notifyCheckpointComplete?.(checkpointId);
  }

  override close(): void | Promise<void> {
    return this.#reader.close?.();
  }

  /** Splits that are told apart speak for the whole; who was drained still has some, and time has ended. */
  #onPeriodicEmit(nowMs: number): void {
    if (this.#stage.currentWatermark === Watermark.MAX) return;
    if (this.#alignment?.isAhead() === true) this.#stage.stayActive(nowMs);
    if (!this.#splits.any) {
      this.#stage.onPeriodicEmit(nowMs);
      return;
    }
    this.#stage.tellRestored();
    this.#splits.onPeriodicEmit(nowMs);
    this.#alignment?.onSplitsMoved();
  }
}

/** What the reader emits to. Invariant: `remaining` counts down with each record of a poll. */
class SourceOutput<T> implements ReaderOutput<T> {
  remaining: number;
  private readonly stage: TimestampsAndWatermarks<T>;
  private readonly splits: SplitWatermarks<T>;
  private readonly splitOutputs: Map<string, SplitOutput<T>>;
  private readonly userCode: UserCodePosition;
  private readonly node: number;
  private readonly output: Output<T>;

  constructor(
    stage: TimestampsAndWatermarks<T>,
    splits: SplitWatermarks<T>,
    context: ChainedOperatorContext,
    output: Output<T>,
  ) {
    this.remaining = 0;
    this.stage = stage;
    this.splits = splits;
    this.splitOutputs = new Map();
    this.userCode = context.userCode;
    this.node = context.chainIndex;
    this.output = output;
  }

  collect(value: T, timestamp?: number): void {
    this.remaining--;
    this.stage.collect(value, timestamp === undefined ? NO_TIMESTAMP : timestamp);
  }

  createOutputForSplit(splitId: string): ReaderOutput<T> {
    const known = this.splitOutputs.get(splitId);
    if (known !== undefined) return known;
    const made = new SplitOutput(this, this.splits.stageOf(splitId));
    this.splitOutputs.set(splitId, made);
    return made;
  }

  releaseOutputForSplit(splitId: string): void {
    this.splitOutputs.delete(splitId);
    this.splits.release(splitId);
  }

  sideOutput<X>(tag: OutputTag<X>, value: X): void {
    this.remaining--;
    this.output.sideOutput(tag, value, NO_TIMESTAMP);
    this.userCode.node = this.node;
  }

  emitWatermark(timestamp: number): void {
    if (timestamp >= Watermark.MAX) this.stage.onEnd();
    else this.stage.emitWatermark(timestamp);
    this.userCode.node = this.node;
  }

  markIdle(): void {
    this.stage.markIdle();
  }

  markActive(): void {
    this.stage.markActive();
  }
}

/** What the reader emits the records of one split to. */
class SplitOutput<T> implements ReaderOutput<T> {
  private readonly whole: SourceOutput<T>;
  private readonly stage: TimestampsAndWatermarks<T>;

  constructor(whole: SourceOutput<T>, stage: TimestampsAndWatermarks<T>) {
    this.whole = whole;
    this.stage = stage;
  }

  get remaining(): number {
    return this.whole.remaining;
  }

  collect(value: T, timestamp?: number): void {
    this.whole.remaining--;
    this.stage.collect(value, timestamp === undefined ? NO_TIMESTAMP : timestamp);
  }

  createOutputForSplit(splitId: string): ReaderOutput<T> {
    return this.whole.createOutputForSplit(splitId);
  }

  releaseOutputForSplit(splitId: string): void {
    this.whole.releaseOutputForSplit(splitId);
  }

  sideOutput<X>(tag: OutputTag<X>, value: X): void {
    this.whole.sideOutput(tag, value);
  }

  emitWatermark(timestamp: number): void {
    this.stage.emitWatermark(timestamp);
  }

  markIdle(): void {
    this.stage.markIdle();
  }

  markActive(): void {
    this.stage.markActive();
  }
}

function readerContext(
  context: ChainedOperatorContext,
  wakeUps: WakeUps,
  requestSplit: () => void,
): SourceReaderContext {
  const skipped = context.metrics.counter('numRecordsSkipped');
  return {
    subtaskIndex: context.subtaskIndex,
    parallelism: context.parallelism,
    fileSystem: context.fileSystem,
    clock: context.clock,
    sleep: (delayMs) => wakeUps.sleep(delayMs),
    countSkippedRecord: () => skipped.add(1),
    requestSplit,
  };
}

function storedSplits<T, SplitT, StateT>(source: Source<T, SplitT, StateT>): StoredItems<SplitT> {
  return { name: 'splits', what: 'splits of the source', type: source.splitType };
}

export function sourceOperator<T, SplitT, StateT>(
  source: Source<T, SplitT, StateT>,
  strategy: WatermarkStrategy<T>,
): SourceOperatorFactory {
  return {
    stored: [storedSplits(source)],
    storedEnumerator: storedEnumerator(source),
    createReader: (context, output, host) =>
      new SourceOperator(
        context,
        output as Output<T>,
        source as unknown as Source<T, SplitT>,
        strategy,
        host,
      ),
    createCoordinator: (context, assignments) => new SourceCoordinatorOperator(context, assignments, source),
  };
}
