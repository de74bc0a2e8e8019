// hot path: chain.bench.ts
import type { OutputTag } from '../api/output-tag.js';
import type { InputStatus, ReaderOutput, Source, SourceReader, SourceReaderContext } from '../api/source.js';
import { NO_TIMESTAMP, Watermark } from '../element/watermark.js';
import type { WatermarkStrategy } from '../watermark/watermark-strategy.js';
import { AbstractStreamOperator } from './abstract-stream-operator.js';
import { OperatorLists } from './operator-list.js';
import { SourceCoordinatorOperator } from './source-coordinator.js';
import type { SourceOperatorFactory, SourceStreamOperator } from './source-stream-operator.js';
import type {
  ChainedOperatorContext,
  Input,
  OperatorSnapshot,
  Output,
  UserCodePosition,
} from './stream-operator.js';
import { TimestampsAndWatermarks, type WatermarkSnapshot } from './timestamps-and-watermarks.js';
import { WakeUps } from './wake-ups.js';

const SPLITS = 'splits';
const EVENT_TIME = 'event-time';

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
  readonly #readerOutput: SourceOutput<T>;
  readonly #lists: OperatorLists;
  readonly #wakeUps: WakeUps;

  constructor(
    context: ChainedOperatorContext,
    output: Output<T>,
    source: Source<T, SplitT>,
    strategy: WatermarkStrategy<T>,
    requestSplit: () => void,
  ) {
    super(context, output);
    this.inputs = [];
    this.#stage = new TimestampsAndWatermarks(strategy, context, output);
    this.#readerOutput = new SourceOutput(this.#stage, context, output);
    this.#lists = new OperatorLists(context);
    this.#wakeUps = new WakeUps(context);
    this.#reader = source.createReader(readerContext(context, this.#wakeUps, requestSplit));
  }

  override async open(): Promise<void> {
    this.#stage.restore(this.#lists.restored(EVENT_TIME) as WatermarkSnapshot[], this.context);
    await this.#reader.start?.();
    const splits = this.#lists.restored(SPLITS) as SplitT[];
    if (splits.length > 0) this.#reader.addSplits(splits);
    this.#wakeUps.every(this.context.autoWatermarkIntervalMs, (nowMs) => this.#stage.onPeriodicEmit(nowMs));
  }

  poll(budget: number): InputStatus {
    this.#stage.tellRestored();
    const readerOutput = this.#readerOutput;
    readerOutput.remaining = budget;
    this.context.userCode.node = this.context.chainIndex;
    return this.#reader.pollNext(readerOutput);
  }

  isAvailable(): Promise<void> {
    return this.#reader.isAvailable();
  }

  addSplits(splits: readonly unknown[]): void {
    this.#reader.addSplits(splits as readonly SplitT[]);
  }

  notifyNoMoreSplits(): void {
    this.#reader.notifyNoMoreSplits();
  }

  override endInput(): void {
    this.#stage.onEnd();
  }

  override onWake(): void {
    this.#wakeUps.onWake();
  }

  override snapshotState(checkpointId: number): OperatorSnapshot {
    const splits = this.#reader.snapshotState(checkpointId);
    return {
      keyed: undefined,
      lists: {
        [SPLITS]: this.#lists.encode('split', splits),
        [EVENT_TIME]: this.#lists.encode('watermark', [this.#stage.snapshot(this.context)]),
      },
    };
  }

  override notifyCheckpointComplete(checkpointId: number): void {
    this.#reader.notifyCheckpointComplete?.(checkpointId);
  }

  override close(): void | Promise<void> {
    return this.#reader.close?.();
  }
}

/** What the reader emits to. Invariant: `remaining` counts down with each record of a poll. */
class SourceOutput<T> implements ReaderOutput<T> {
  remaining: number;
  private readonly stage: TimestampsAndWatermarks<T>;
  private readonly userCode: UserCodePosition;
  private readonly node: number;
  private readonly output: Output<T>;

  constructor(stage: TimestampsAndWatermarks<T>, context: ChainedOperatorContext, output: Output<T>) {
    this.remaining = 0;
    this.stage = stage;
    this.userCode = context.userCode;
    this.node = context.chainIndex;
    this.output = output;
  }

  collect(value: T, timestamp?: number): void {
    this.remaining--;
    this.stage.collect(value, timestamp === undefined ? NO_TIMESTAMP : timestamp);
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

export function sourceOperator<T, SplitT, StateT>(
  source: Source<T, SplitT, StateT>,
  strategy: WatermarkStrategy<T>,
): SourceOperatorFactory {
  return {
    createReader: (context, output, requestSplit) =>
      new SourceOperator(
        context,
        output as Output<T>,
        source as unknown as Source<T, SplitT>,
        strategy,
        requestSplit,
      ),
    createCoordinator: (context, assignments) => new SourceCoordinatorOperator(context, assignments, source),
  };
}
