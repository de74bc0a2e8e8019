import { invariant } from '../base/invariant.js';
import { Watermark } from '../element/watermark.js';

/** What the valve lets through; called from inside its input methods. */
export interface WatermarkValveOutput {
  emitWatermark(timestamp: number): void;
  emitIdle(): void;
  emitActive(): void;
}

/**
 * Combines the watermarks of the channels of one input: the watermark is the least one of the channels that
 * count. An idle channel does not count until it is active again and has caught up with what was let
 * through. A finished channel never counts again: it holds nothing back, and its end of time (the watermark
 * MAX) becomes the input's only when every channel has finished.
 *
 * Invariants:
 * - what is emitted strictly increases;
 * - aligned channels are active and unfinished, and their watermark is not below the last emitted one;
 * - the valve is idle exactly when no channel is active and not all have finished;
 * - MAX is emitted exactly when the last channel finishes.
 */
export class WatermarkValve {
  readonly #output: WatermarkValveOutput;
  readonly #channels: readonly ChannelStatus[];
  #lastEmitted: number;
  #idle: boolean;
  #active: number;
  #unfinished: number;

  constructor(channels: number, output: WatermarkValveOutput) {
    invariant(channels >= 1, 'an input has a channel', { channels });
    this.#output = output;
    this.#channels = Array.from({ length: channels }, () => ({
      watermark: Watermark.MIN,
      active: true,
      aligned: true,
      finished: false,
    }));
    this.#lastEmitted = Watermark.MIN;
    this.#idle = false;
    this.#active = channels;
    this.#unfinished = channels;
  }

  /** The last watermark let through; Watermark.MIN before the first. */
  get watermark(): number {
    return this.#lastEmitted;
  }

  get isIdle(): boolean {
    return this.#idle;
  }

  /**
   * Nothing has come yet, and this watermark was let through before: the channels hold it until each of them is
   * further.
   */
  startFrom(watermark: number): void {
    invariant(
      this.#lastEmitted === Watermark.MIN && this.#active === this.#unfinished,
      'a valve starts from a watermark before its first element',
      { watermark, lastEmitted: this.#lastEmitted },
    );
    this.#lastEmitted = watermark;
    for (const status of this.#channels) status.watermark = watermark;
  }

  /** A watermark of an idle channel, and one that is not above the channel's last, says nothing. */
  inputWatermark(channel: number, timestamp: number): void {
    const status = this.#channel(channel);
    if (timestamp === Watermark.MAX) {
      this.#finish(status);
      return;
    }
    if (!status.active || timestamp <= status.watermark) return;
    status.watermark = timestamp;
    if (timestamp >= this.#lastEmitted) status.aligned = true;
    // Others may have come back ahead of what was let through, and be all that counts.
    this.#emitLeastOfAligned();
  }

  inputIdle(channel: number): void {
    const status = this.#channel(channel);
    if (!status.active) return;
    status.active = false;
    status.aligned = false;
    this.#active--;
    this.#leaveAligned(status);
  }

  inputActive(channel: number): void {
    const status = this.#channel(channel);
    if (status.active || status.finished) return;
    status.active = true;
    status.aligned = status.watermark >= this.#lastEmitted;
    this.#active++;
    if (this.#idle) {
      this.#idle = false;
      this.#output.emitActive();
    }
  }

  /** End of data, whether or not a watermark MAX came before it. Repeating it says nothing. */
  inputFinished(channel: number): void {
    this.#finish(this.#channel(channel));
  }

  /** Which channels hold the watermark back: those that count and stand at the least watermark. */
  heldBackBy(): number[] {
    const least = this.#leastOfAligned();
    return this.#channels.flatMap((status, index) =>
      status.aligned && status.watermark === least ? [index] : [],
    );
  }

  #finish(status: ChannelStatus): void {
    if (status.finished) return;
    const wasActive = status.active;
    status.finished = true;
    status.active = false;
    status.aligned = false;
    this.#unfinished--;
    if (wasActive) this.#active--;
    if (this.#unfinished === 0) this.#emitEnd();
    else if (wasActive) this.#leaveAligned(status);
  }

  /** The channel was active and counts no longer; others are unfinished. */
  #leaveAligned(status: ChannelStatus): void {
    if (this.#active > 0) {
      this.#emitLeastOfAligned();
      return;
    }
    // Nobody is left who could hold back: what the channels knew before they fell silent is known now.
    if (status.watermark === this.#lastEmitted || status.finished) this.#emitGreatestOfAll();
    this.#idle = true;
    this.#output.emitIdle();
  }

  #emitEnd(): void {
    if (this.#idle) {
      this.#idle = false;
      this.#output.emitActive();
    }
    this.#emit(Watermark.MAX);
  }

  #emitLeastOfAligned(): void {
    const least = this.#leastOfAligned();
    if (least < Watermark.MAX) this.#emit(least);
  }

  /** MAX where no channel is aligned. */
  #leastOfAligned(): number {
    let least: number = Watermark.MAX;
    for (const status of this.#channels) {
      if (status.aligned && status.watermark < least) least = status.watermark;
    }
    return least;
  }

  #emitGreatestOfAll(): void {
    let greatest: number = Watermark.MIN;
    for (const status of this.#channels) {
      if (status.watermark > greatest) greatest = status.watermark;
    }
    this.#emit(greatest);
  }

  #emit(timestamp: number): void {
    if (timestamp <= this.#lastEmitted) return;
    this.#lastEmitted = timestamp;
    this.#output.emitWatermark(timestamp);
  }

  #channel(index: number): ChannelStatus {
    const status = this.#channels[index];
    invariant(status !== undefined, 'the channel exists', { index, channels: this.#channels.length });
    return status;
  }
}

interface ChannelStatus {
  /** Finite: the end of time is `finished`. */
  watermark: number;
  active: boolean;
  aligned: boolean;
  finished: boolean;
}
