// hot path: chain.bench.ts
import { MillraceError } from '../base/millrace-error.js';
import { NO_TIMESTAMP, Watermark } from '../element/watermark.js';
import type { WatermarkGenerator, WatermarkOutput } from '../watermark/watermark-generator.js';
import type { TimestampAssigner, WatermarkStrategy } from '../watermark/watermark-strategy.js';
import type { ChainedOperatorContext, Output, UserCodePosition } from './stream-operator.js';

/** What a checkpoint holds of one subtask's event time. Plain data. */
export interface WatermarkSnapshot {
  readonly subtask: number;
  readonly parallelism: number;
  readonly watermark: number;
  /** Of the generator; undefined if it keeps none. */
  readonly generator: unknown;
  /** Of the splits that the subtask was reading, by id; absent where splits are not told apart. */
  readonly splits?: Readonly<Record<string, SplitWatermark>>;
}

/** Event time of a part of a stream. Plain data. */
export interface PartialWatermark {
  readonly watermark: number;
  readonly generator: unknown;
}

/** Event time of a split, as a subtask knows it. Plain data. */
export interface SplitWatermark extends PartialWatermark {
  /** The last checkpoint at which it was read by the subtask that tells of it, or by whom it has that from. */
  readonly readAt?: number;
}

/** Where watermarks and idleness go; records go their own way. */
export interface WatermarkTarget {
  emitWatermark(timestamp: number): void;
  emitIdle(): void;
  emitActive(): void;
}

/**
 * A watermark strategy at work in one subtask: gives each record its timestamp, hands it on, and then lets
 * the generator see it (a watermark never overtakes the record that made it).
 *
 * Invariants:
 * - emitted watermarks strictly increase; none is emitted while idle, and nothing after MAX;
 * - the output is idle exactly while `idle`; a record makes it active before it goes out;
 * - of a batch, MAX is all that is emitted.
 */
export class TimestampsAndWatermarks<T> implements WatermarkOutput {
  private readonly output: Output<T>;
  private readonly target: WatermarkTarget;
  private readonly assigner: TimestampAssigner<T> | undefined;
  private readonly generator: WatermarkGenerator<T> | undefined;
  private readonly idlenessMs: number;
  private readonly isTimeless: boolean;
  private readonly userCode: UserCodePosition;
  private readonly node: number;
  private watermark: number;
  /** Restored, and not yet told to those behind. */
  private untold: boolean;
  private idle: boolean;
  private sawRecord: boolean;
  private lastActivityMs: number;

  /** `target`: of a part of the stream, what combines the parts. */
  constructor(
    strategy: WatermarkStrategy<T>,
    context: ChainedOperatorContext,
    output: Output<T>,
    target: WatermarkTarget = output,
  ) {
    this.output = output;
    this.target = target;
    this.assigner = strategy.timestampAssigner;
    this.generator = strategy.createGenerator?.();
    this.idlenessMs = strategy.idlenessMs ?? Number.POSITIVE_INFINITY;
    this.isTimeless = strategy.isTimeless;
    this.userCode = context.userCode;
    this.node = context.chainIndex;
    this.watermark = Watermark.MIN;
    this.untold = false;
    this.idle = false;
    this.sawRecord = false;
    this.lastActivityMs = context.clock.monotonicMs();
  }

  get currentWatermark(): number {
    return this.watermark;
  }

  get isIdle(): boolean {
    return this.idle;
  }

  /** Whether {@link onPeriodicEmit} has anything to do but to tell what was restored. */
  get isPeriodic(): boolean {
    return this.generator?.onPeriodicEmit !== undefined || this.idlenessMs !== Number.POSITIVE_INFINITY;
  }

  /** Takes a record; `timestamp` is NO_TIMESTAMP if it has none yet. */
  collect(value: T, timestamp: number): void {
    const assigner = this.assigner;
    let assigned = timestamp;
    if (assigner !== undefined) {
      this.userCode.node = this.node;
      assigned = assigner(value, timestamp === NO_TIMESTAMP ? undefined : timestamp);
      if (!Number.isSafeInteger(assigned)) assigned = wholeMilliseconds(assigned);
    }
    this.sawRecord = true;
    if (this.idle) this.markActive();
    this.output.collect(value, assigned);
    this.userCode.node = this.node;
    const generator = this.generator;
    if (generator !== undefined) generator.onEvent(value, assigned, this);
  }

  emitWatermark(timestamp: number): void {
    if (this.isTimeless || timestamp <= this.watermark || timestamp >= Watermark.MAX) return;
    if (this.idle) this.markActive();
    this.watermark = timestamp;
    this.untold = false;
    this.target.emitWatermark(timestamp);
  }

  markIdle(): void {
    if (this.idle || this.isTimeless) return;
    this.tellRestored();
    this.idle = true;
    this.target.emitIdle();
  }

  markActive(): void {
    if (!this.idle) return;
    this.idle = false;
    this.target.emitActive();
  }

  /** What is held back on purpose does not become idle. */
  stayActive(nowMs: number): void {
    this.lastActivityMs = nowMs;
  }

  /** Every watermark interval. */
  onPeriodicEmit(nowMs: number): void {
    this.tellRestored();
    if (this.watermark === Watermark.MAX) return;
    if (this.sawRecord) {
      this.sawRecord = false;
      this.lastActivityMs = nowMs;
    } else if (nowMs - this.lastActivityMs > this.idlenessMs) {
      this.markIdle();
    }
    this.userCode.node = this.node;
    if (!this.idle) this.generator?.onPeriodicEmit?.(this);
  }

  /** The input has ended: nothing can be late any more. */
  onEnd(): void {
    if (this.watermark === Watermark.MAX) {
      this.tellRestored();
      return;
    }
    this.userCode.node = this.node;
    this.markActive();
    this.generator?.onPeriodicEmit?.(this);
    this.untold = false;
    this.watermark = Watermark.MAX;
    this.target.emitWatermark(Watermark.MAX);
  }

  /** Those behind begin without a watermark after a restore; they are told what held before. */
  tellRestored(): void {
    if (!this.untold) return;
    this.untold = false;
    this.target.emitWatermark(this.watermark);
  }

  snapshot(context: ChainedOperatorContext): WatermarkSnapshot {
    return {
      subtask: context.subtaskIndex,
      parallelism: context.parallelism,
      ...this.snapshotPart(),
    };
  }

  snapshotPart(): PartialWatermark {
    return { watermark: this.watermark, generator: this.generator?.snapshotState?.() };
  }

  /** Of a part, whose target has been told the watermark. */
  restorePart({ watermark, generator }: PartialWatermark): void {
    this.watermark = watermark;
    if (generator !== undefined) this.generator?.restoreState?.(generator);
  }

  /** Takes this subtask's own snapshot, or the earliest of all where the parallelism was another. */
  restore(snapshots: readonly WatermarkSnapshot[], context: ChainedOperatorContext): void {
    const own = snapshots.find(
      ({ subtask, parallelism }) => parallelism === context.parallelism && subtask === context.subtaskIndex,
    );
    const snapshot = own ?? snapshots.reduce<WatermarkSnapshot | undefined>(earlier, undefined);
    if (snapshot === undefined) return;
    this.restorePart(snapshot);
    this.untold = snapshot.watermark > Watermark.MIN;
  }
}

function earlier(a: WatermarkSnapshot | undefined, b: WatermarkSnapshot): WatermarkSnapshot {
  return a === undefined || b.watermark < a.watermark ? b : a;
}

function wholeMilliseconds(timestamp: unknown): number {
  const whole = typeof timestamp === 'number' ? Math.floor(timestamp) : Number.NaN;
  if (Number.isSafeInteger(whole)) return whole;
  throw new MillraceError('MR5009', `The timestamp assigner returned ${String(timestamp)}.`, {
    hint: 'It must return milliseconds since the epoch as a number, for every record.',
  });
}
