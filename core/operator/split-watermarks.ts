import { Watermark } from '../element/watermark.js';
import type { HeldBackBy } from '../protocol/event-time-report.js';
import type { WatermarkStrategy } from '../watermark/watermark-strategy.js';
import type { ChainedOperatorContext, Output } from './stream-operator.js';
import {
  type SplitWatermark,
  TimestampsAndWatermarks,
  type WatermarkSnapshot,
  type WatermarkTarget,
} from './timestamps-and-watermarks.js';

/**
 * Event time of the splits that one reader tells apart: each has a generator and an idleness of its own, and
 * the reader's watermark is the least one of those that are not idle.
 *
 * Invariants:
 * - a split that was released counts no longer; one that is idle does not until it is active again;
 * - with splits, the whole is idle exactly when all of them are;
 * - a split that is restored goes on with the generator it had, wherever it is read now.
 */
export class SplitWatermarks<T> {
  readonly #strategy: WatermarkStrategy<T>;
  readonly #context: ChainedOperatorContext;
  readonly #output: Output<T>;
  readonly #whole: TimestampsAndWatermarks<T>;
  readonly #splits: Map<string, Split<T>>;
  readonly #restored: Map<string, SplitWatermark>;

  constructor(
    strategy: WatermarkStrategy<T>,
    context: ChainedOperatorContext,
    output: Output<T>,
    whole: TimestampsAndWatermarks<T>,
  ) {
    this.#strategy = strategy;
    this.#context = context;
    this.#output = output;
    this.#whole = whole;
    this.#splits = new Map();
    this.#restored = new Map();
  }

  /** Whether the reader tells any splits apart now; then they speak for the whole. */
  get any(): boolean {
    return this.#splits.size > 0;
  }

  /** The stage of a split, made when it is first asked for. */
  stageOf(splitId: string): TimestampsAndWatermarks<T> {
    const known = this.#splits.get(splitId);
    if (known !== undefined) return known.stage;
    const split = new Split<T>(
      splitId,
      () => this.#combine(),
      (target) => new TimestampsAndWatermarks(this.#strategy, this.#context, this.#output, target),
    );
    const restored = this.#restored.get(splitId);
    if (restored !== undefined) {
      split.stage.restorePart(restored);
      split.watermark = restored.watermark;
      this.#restored.delete(splitId);
    }
    this.#splits.set(splitId, split);
    return split.stage;
  }

  release(splitId: string): void {
    if (!this.#splits.delete(splitId)) return;
    this.#whole.stayActive(this.#context.clock.monotonicMs());
    this.#combine();
  }

  onPeriodicEmit(nowMs: number): void {
    for (const { stage, paused } of this.#splits.values()) {
      if (paused) stage.stayActive(nowMs);
      stage.onPeriodicEmit(nowMs);
    }
    // Splits that were restored say nothing by themselves while they rest, and may be the only ones.
    this.#combine();
  }

  /** Marks the splits above the limit as paused, and says which are so newly, and which no longer. */
  pauseAbove(limit: number): { readonly paused: string[]; readonly resumed: string[] } {
    const paused: string[] = [];
    const resumed: string[] = [];
    for (const split of this.#splits.values()) {
      const isAbove = split.watermark > limit;
      if (isAbove === split.paused) continue;
      split.paused = isAbove;
      (isAbove ? paused : resumed).push(split.splitId);
    }
    return { paused, resumed };
  }

  /** Those of the splits that count which are the furthest behind. */
  heldBackBy(): HeldBackBy[] {
    const active = [...this.#splits.values()].filter(({ stage }) => !stage.isIdle);
    const least = Math.min(...active.map(({ watermark }) => watermark));
    return active
      .filter(({ watermark }) => watermark === least)
      .map(({ splitId, watermark }) => ({ kind: 'split', splitId, watermark }));
  }

  /** Undefined where splits are not told apart. */
  snapshot(checkpointId: number): Record<string, SplitWatermark> | undefined {
    if (this.#splits.size === 0 && this.#restored.size === 0) return undefined;
    const parts: Record<string, SplitWatermark> = Object.fromEntries(this.#restored);
    for (const { splitId, stage } of this.#splits.values())
      parts[splitId] = { ...stage.snapshotPart(), readAt: checkpointId };
    return parts;
  }

  /**
   * Splits may be read by another subtask than before, so all that were known are remembered: as they were where
   * they were read last, since who does not read them remembers them as they were once. Checkpoints from now on have
   * greater numbers than this one, whatever those of another job had.
   */
  restore(snapshots: readonly WatermarkSnapshot[], checkpointId: number): void {
    for (const { splits } of snapshots) {
      for (const [splitId, part] of Object.entries(splits ?? {})) {
        const known = this.#restored.get(splitId);
        if (known === undefined || isNewer(part, known)) this.#restored.set(splitId, part);
      }
    }
    for (const [splitId, { readAt, ...part }] of this.#restored) {
      const isFromHere = readAt !== undefined && readAt <= checkpointId;
      this.#restored.set(splitId, { ...part, readAt: isFromHere ? readAt : checkpointId });
    }
  }

  #combine(): void {
    let least: number = Watermark.MAX;
    let active = 0;
    for (const { stage, watermark } of this.#splits.values()) {
      if (stage.isIdle) continue;
      active++;
      if (watermark < least) least = watermark;
    }
    if (active > 0) {
      this.#whole.markActive();
      this.#whole.emitWatermark(least);
    } else if (this.#splits.size > 0) this.#whole.markIdle();
  }
}

/** One that does not say when it was read is of old. Its generator may have gone on without a watermark. */
function isNewer(part: SplitWatermark, known: SplitWatermark): boolean {
  const [one, other] = [part.readAt ?? 0, known.readAt ?? 0];
  return one > other || (one === other && part.watermark > known.watermark);
}

/** What the stage of a split tells of its event time. */
class Split<T> implements WatermarkTarget {
  readonly splitId: string;
  readonly stage: TimestampsAndWatermarks<T>;
  readonly #onChange: () => void;
  watermark: number;
  paused: boolean;

  constructor(
    splitId: string,
    onChange: () => void,
    createStage: (target: WatermarkTarget) => TimestampsAndWatermarks<T>,
  ) {
    this.splitId = splitId;
    this.#onChange = onChange;
    this.watermark = Watermark.MIN;
    this.paused = false;
    this.stage = createStage(this);
  }

  emitWatermark(timestamp: number): void {
    this.watermark = timestamp;
    this.#onChange();
  }

  emitIdle(): void {
    this.#onChange();
  }

  emitActive(): void {
    this.#onChange();
  }
}
