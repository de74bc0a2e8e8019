import { MillraceError } from '../base/millrace-error.js';
import { Watermark } from '../element/watermark.js';
import type { WatermarkStrategy } from '../watermark/watermark-strategy.js';
import { OneInputOperator } from './abstract-stream-operator.js';
import { OperatorLists } from './operator-list.js';
import type { ChainedOperatorContext, OperatorFactory, OperatorSnapshot, Output } from './stream-operator.js';
import { TimestampsAndWatermarks, type WatermarkSnapshot } from './timestamps-and-watermarks.js';

const LIST = 'timestamps-and-watermarks';

/**
 * Makes timestamps and watermarks anew in the middle of a stream. What came from above counts no longer,
 * but for the end of time.
 */
class TimestampsAndWatermarksOperator<T> extends OneInputOperator<T, T> {
  readonly #stage: TimestampsAndWatermarks<T>;
  readonly #lists: OperatorLists;

  constructor(context: ChainedOperatorContext, output: Output<T>, strategy: WatermarkStrategy<T>) {
    super(context, output);
    this.#stage = new TimestampsAndWatermarks(strategy, context, output);
    this.#lists = new OperatorLists(context);
  }

  override open(): void {
    this.#stage.restore(this.#lists.restored(LIST) as WatermarkSnapshot[], this.context);
    this.#askToWake(this.context.clock.wallMs());
  }

  processElement(value: T, timestamp: number): void {
    this.#stage.collect(value, timestamp);
  }

  override processWatermark(timestamp: number): void {
    if (timestamp === Watermark.MAX) this.#stage.onEnd();
  }

  override processIdle(): void {}

  override processActive(): void {}

  /** Those above may have ended before the restore, and tell nothing any more. */
  override endInput(): void {
    this.#stage.tellRestored();
  }

  override onWake(wallMs: number): void {
    this.#stage.onPeriodicEmit(this.context.clock.monotonicMs());
    if (this.#stage.isPeriodic) this.#askToWake(wallMs);
  }

  override snapshotState(): OperatorSnapshot {
    const snapshot = this.#stage.snapshot(this.context);
    return { keyed: undefined, lists: { [LIST]: this.#lists.encode('watermark', [snapshot]) } };
  }

  #askToWake(wallMs: number): void {
    const intervalMs = this.context.autoWatermarkIntervalMs;
    if (intervalMs > 0) this.context.wakeAt(wallMs + intervalMs);
  }
}

/** @throws MillraceError MR1001 if the strategy asks for an alignment, which sources alone can keep */
export function timestampsAndWatermarksOperator<T>(strategy: WatermarkStrategy<T>): OperatorFactory {
  if (strategy.alignment !== undefined) {
    throw new MillraceError('MR1001', 'Watermarks are aligned at sources only.', {
      hint: 'Give the strategy with withWatermarkAlignment to fromSource.',
    });
  }
  return {
    needsKeyedState: false,
    create: (context, output) => new TimestampsAndWatermarksOperator(context, output as Output<T>, strategy),
  };
}

/** What runs for the strategy: in a batch, its timestamps alone. */
export function timestampsAndWatermarks<T>(strategy: WatermarkStrategy<T>) {
  const node = (own: WatermarkStrategy<T>) =>
    ({ kind: 'operator', factory: timestampsAndWatermarksOperator(own) }) as const;
  return { operator: node(strategy), batchOperator: node(strategy.withoutWatermarks()) };
}
