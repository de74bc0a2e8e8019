import type { SourceReader } from '../api/source.js';
import { Availability } from '../base/availability.js';
import { Watermark } from '../element/watermark.js';
import type { WatermarkAlignmentParams } from '../watermark/watermark-alignment.js';
import type { SourceReaderHost } from './source-stream-operator.js';
import type { SplitWatermarks } from './split-watermarks.js';
import type { TimestampsAndWatermarks } from './timestamps-and-watermarks.js';

/**
 * Keeps one subtask of a source within its alignment group: it tells where it is, is told where the last of
 * the group is, and rests while it is too far ahead of that. Of a reader that can pause splits, each rests
 * alone.
 *
 * Invariant: it rests only above `#limit`, which is what the group last announced and the drift on top.
 */
export class SourceAlignment<T, SplitT> {
  readonly group: string;
  readonly updateIntervalMs: number;
  readonly #maxDriftMs: number;
  readonly #host: SourceReaderHost;
  readonly #stage: TimestampsAndWatermarks<T>;
  readonly #splits: SplitWatermarks<T>;
  readonly #reader: SourceReader<T, SplitT>;
  readonly #release: Availability;
  #limit: number;
  #reported: number | undefined;

  constructor(
    params: WatermarkAlignmentParams,
    host: SourceReaderHost,
    stage: TimestampsAndWatermarks<T>,
    splits: SplitWatermarks<T>,
    reader: SourceReader<T, SplitT>,
  ) {
    this.updateIntervalMs = params.updateIntervalMs;
    this.group = params.group;
    this.#maxDriftMs = params.maxDriftMs;
    this.#host = host;
    this.#stage = stage;
    this.#splits = splits;
    this.#reader = reader;
    this.#release = new Availability();
    this.#limit = Watermark.MAX;
    this.#reported = undefined;
  }

  /** The whole of it has to rest. The end of time is ahead of nobody. */
  isAhead(): boolean {
    const { currentWatermark } = this.#stage;
    return currentWatermark > this.#limit && currentWatermark < Watermark.MAX;
  }

  /** Settles when the group may have caught up. */
  caughtUp(): Promise<void> {
    return this.#release.wait();
  }

  /** Tells the group, if there is anything new. */
  report(): void {
    const holdsNobodyBack = this.#stage.isIdle || this.#reader.waitsForOthers?.() === true;
    const watermark = holdsNobodyBack ? Watermark.MAX : this.#stage.currentWatermark;
    if (watermark === this.#reported) return;
    this.#reported = watermark;
    this.#host.reportWatermark?.(this.group, watermark);
  }

  alignTo(groupWatermark: number): void {
    const limit = groupWatermark + this.#maxDriftMs;
    this.#limit = groupWatermark === Watermark.MAX || limit > Watermark.MAX ? Watermark.MAX : limit;
    this.onSplitsMoved();
    this.#release.release();
  }

  /** Watermarks of splits, or the limit, have moved. */
  onSplitsMoved(): void {
    if (this.#reader.pauseOrResumeSplits === undefined) return;
    const { paused, resumed } = this.#splits.pauseAbove(this.#limit);
    if (paused.length > 0 || resumed.length > 0) this.#reader.pauseOrResumeSplits(paused, resumed);
  }
}
