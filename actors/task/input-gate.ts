import {
  Alignment,
  type BarrierAligner,
  ElementKind,
  type Input,
  invariant,
  type LatencyMarker,
  Watermark,
  type WatermarkValve,
} from '../../core/internal.js';
import type { InFlightReplay } from './in-flight-replay.js';
import type { ElementReader } from './look-ahead-reader.js';
import type { OutputRoom } from './result-partition.js';
import type { TaskInput } from './task-input.js';

/** One channel of the gate, and where its elements go. */
export interface GateChannel {
  /** undefined: its producer had finished before the restored checkpoint. */
  readonly reader: ElementReader | undefined;
  readonly inputIndex: number;
  /** Its number within the valve of that input. */
  readonly valveChannel: number;
}

export interface GateInput {
  readonly input: Input<unknown>;
  readonly valve: WatermarkValve;
}

/** What the gate tells its task. Called from inside {@link InputGate.poll}. */
export interface GateListener {
  /** The first barrier of a checkpoint has arrived, or word of it. */
  onAlignmentStarted(checkpointId: number, timestamp: number, isSavepoint: boolean): void;
  /** All barriers are in; the gate returns from `poll` at once. */
  onAligned(checkpointId: number, timestamp: number, isSavepoint: boolean): void;
  /** A newer barrier overtook the alignment of this checkpoint. */
  onSubsumed(checkpointId: number): void;
  /** All that came before it on its channel has been delivered. */
  onLatencyMarker(marker: LatencyMarker): void;
  /** Every channel of an input has ended its data, once per input. */
  onInputEnded(inputIndex: number): void;
}

/**
 * Reads the input channels of a task in turn, and delivers their elements to the head of the chain.
 *
 * Invariants:
 * - a channel that the aligner blocks is not read;
 * - after END_OF_DATA a channel brings barriers only, after END_OF_PARTITION nothing;
 * - elements of one channel are delivered in their order;
 * - no channel is read before what a checkpoint held of it has been delivered.
 *
 * hot path
 */
export class InputGate implements TaskInput {
  readonly #channels: readonly GateChannel[];
  readonly #inputs: readonly GateInput[];
  readonly #aligner: BarrierAligner;
  readonly #listener: GateListener;
  readonly #room: OutputRoom;
  readonly #dataEnded: boolean[];
  readonly #closed: boolean[];
  readonly #openDataChannels: number[];
  #next = 0;
  #stopped = false;
  #replay: InFlightReplay | undefined;
  /** Records delivered since the start. */
  recordsIn = 0;

  constructor(
    channels: readonly GateChannel[],
    inputs: readonly GateInput[],
    aligner: BarrierAligner,
    listener: GateListener,
    room: OutputRoom,
  ) {
    this.#channels = channels;
    this.#inputs = inputs;
    this.#aligner = aligner;
    this.#listener = listener;
    this.#room = room;
    this.#dataEnded = channels.map(() => false);
    this.#closed = channels.map(() => false);
    this.#openDataChannels = inputs.map(
      (_, index) => channels.filter((channel) => channel.inputIndex === index).length,
    );
  }

  /** Comes before what is in the channels. Called before {@link start}, at most once. */
  replay(replay: InFlightReplay): void {
    this.#replay = replay;
  }

  /** What a checkpoint held of the channels has not all been delivered. */
  get isReplaying(): boolean {
    return this.#replay !== undefined;
  }

  /** Called once, before the first `poll`. */
  start(): void {
    if (this.#replay === undefined) this.#endFinished();
  }

  /** Looks for checkpoints whose barriers are on their way, whether or not there is room for them. */
  lookAhead(): void {
    const channels = this.#channels;
    for (let i = 0; i < channels.length; i++) {
      const announced = channels[i]?.reader?.pollAnnouncement();
      if (announced !== undefined)
        this.#onAnnounced(announced.checkpointId, announced.timestamp, announced.isSavepoint);
    }
  }

  /** All channels that are open are on their way to their ends: no more barriers will be written. */
  get isEnding(): boolean {
    return this.#channels.every(
      ({ reader }, index) => this.#closed[index] === true || reader?.isEnding === true,
    );
  }

  /** A checkpoint for which no barrier will come. */
  onTriggered(checkpointId: number, timestamp: number): void {
    this.#onAnnounced(checkpointId, timestamp, false);
  }

  /** When the checkpoint that was begun last was triggered, wall time. */
  get lastBarrierMs(): number {
    return this.#lastBarrierTimestamp;
  }

  /** Of all channels so far. */
  get bytesRead(): number {
    return this.#channels.reduce((sum, { reader }) => sum + (reader?.bytesRead ?? 0), 0);
  }

  /** Of the channels, by number. */
  get readers(): readonly (ElementReader | undefined)[] {
    return this.#channels.map(({ reader }) => reader);
  }

  /** Of a channel by its number: nothing but barriers can follow. */
  hasDataEnded(channel: number): boolean {
    return this.#dataEnded[channel] === true;
  }

  /** Channels of finished producers end at once. */
  #endFinished(): void {
    this.#channels.forEach((channel, index) => {
      if (channel.reader !== undefined) return;
      this.#onEndOfData(index);
      this.#onEndOfPartition(index);
    });
  }

  /** Delivers up to `budget` elements; the number delivered, 0 when there was nothing to read. */
  poll(budget: number): number {
    this.#stopped = false;
    if (this.#replay !== undefined) return this.#pollReplay(this.#replay, budget);
    let left = budget;
    const count = this.#channels.length;
    const slice = Math.max(16, Math.ceil(budget / count));
    for (let i = 0; i < count && left > 0 && !this.#stopped && !this.#mustWait(); i++) {
      const index = this.#next;
      this.#next = index + 1 === count ? 0 : index + 1;
      if (this.#closed[index] === true || this.#aligner.isBlocked(index)) continue;
      left -= this.#pollChannel(index, Math.min(slice, left));
    }
    return budget - left;
  }

  /** The least watermark of the inputs that are not idle; the greatest one where all are. */
  get watermark(): number {
    const counting = this.#inputs.filter(({ valve }) => !valve.isIdle);
    if (counting.length === 0) return Math.max(...this.#inputs.map(({ valve }) => valve.watermark));
    return counting.reduce((least, { valve }) => Math.min(least, valve.watermark), Watermark.MAX);
  }

  /** Indices of the channels that hold the least of the inputs' watermarks back. */
  heldBackBy(): number[] {
    const { watermark } = this;
    if (watermark === Watermark.MAX) return [];
    return this.#inputs.flatMap(({ valve }, inputIndex) => {
      if (valve.watermark !== watermark || valve.isIdle) return [];
      const held = valve.heldBackBy();
      return this.#channels.flatMap((channel, index) =>
        channel.inputIndex === inputIndex && held.includes(channel.valveChannel) ? [index] : [],
      );
    });
  }

  /** Nothing comes from any input, and nobody waits for it. */
  get isIdle(): boolean {
    return this.#inputs.every(({ valve }) => valve.isIdle);
  }

  /** True if some channel that may be read has something. */
  hasInput(): boolean {
    if (this.#replay !== undefined) return true;
    return this.#channels.some(
      (channel, index) =>
        channel.reader !== undefined &&
        this.#closed[index] === false &&
        !this.#aligner.isBlocked(index) &&
        channel.reader.hasData(),
    );
  }

  /** Its end counts as an element: something has changed. */
  #pollReplay(replay: InFlightReplay, budget: number): number {
    const before = replay.records;
    const count = replay.poll(budget);
    this.recordsIn += replay.records - before;
    if (!replay.isOver) return count;
    this.#replay = undefined;
    // Producers that have just been started are active until they say otherwise.
    for (const { reader, inputIndex, valveChannel } of this.#channels) {
      if (reader !== undefined) this.#inputs[inputIndex]?.valve.inputActive(valveChannel);
    }
    this.#endFinished();
    return Math.max(1, count);
  }

  /** What a watermark has begun goes before the element behind it. */
  #mustWait(): boolean {
    return this.#room.full || this.#room.isFiring;
  }

  #pollChannel(index: number, budget: number): number {
    const channel = this.#channels[index];
    const reader = channel?.reader;
    if (channel === undefined || reader === undefined) return 0;
    const input = this.#inputs[channel.inputIndex]?.input;
    invariant(input !== undefined, 'every channel belongs to an input', { index });
    const room = this.#room;
    let count = 0;
    let records = 0;
    while (count < budget) {
      const kind = reader.next();
      if (kind === ElementKind.RECORD) {
        count++;
        records++;
        input.processElement(reader.value as never, reader.timestamp);
        if (room.full) break;
        continue;
      }
      if (kind === ElementKind.NONE) break;
      count++;
      this.#onControlElement(kind, index, channel, reader);
      if (this.#stopped || this.#mustWait() || this.#closed[index] === true || this.#aligner.isBlocked(index))
        break;
    }
    this.recordsIn += records;
    return count;
  }

  #onControlElement(kind: ElementKind, index: number, channel: GateChannel, reader: ElementReader): void {
    const valve = this.#inputs[channel.inputIndex]?.valve;
    invariant(valve !== undefined, 'every input has a valve', { index });
    switch (kind) {
      case ElementKind.WATERMARK:
        valve.inputWatermark(channel.valveChannel, reader.timestamp);
        return;
      case ElementKind.IDLE:
        valve.inputIdle(channel.valveChannel);
        return;
      case ElementKind.ACTIVE:
        valve.inputActive(channel.valveChannel);
        return;
      case ElementKind.BARRIER:
        this.#onBarrier(index, reader.checkpointId, reader.timestamp, reader.isSavepoint);
        return;
      case ElementKind.LATENCY_MARKER:
        if (reader.latencyMarker !== undefined) this.#listener.onLatencyMarker(reader.latencyMarker);
        return;
      case ElementKind.END_OF_DATA:
        this.#onEndOfData(index);
        return;
      case ElementKind.END_OF_PARTITION:
        this.#onEndOfPartition(index);
        return;
      default:
        invariant(false, 'a channel carries known elements only', { kind });
    }
  }

  #lastBarrierTimestamp = 0;
  #lastBarrierIsSavepoint = false;

  #onBarrier(index: number, checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    const before = this.#aligner.currentCheckpointId;
    const outcome = this.#aligner.onBarrier(index, checkpointId, isSavepoint);
    if (this.#aligner.currentCheckpointId > before) this.#onBegun(checkpointId, timestamp, isSavepoint);
    if (outcome === Alignment.ALIGNED) this.#aligned();
  }

  #onAnnounced(checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    if (this.#aligner.onAnnounced(checkpointId, isSavepoint))
      this.#onBegun(checkpointId, timestamp, isSavepoint);
  }

  #onBegun(checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    if (this.#aligner.subsumed >= 0) {
      const subsumed = this.#aligner.subsumed;
      this.#aligner.subsumed = -1;
      this.#listener.onSubsumed(subsumed);
    }
    this.#lastBarrierTimestamp = timestamp;
    this.#lastBarrierIsSavepoint = isSavepoint;
    this.#listener.onAlignmentStarted(checkpointId, timestamp, isSavepoint);
  }

  #aligned(): void {
    this.#stopped = true;
    this.#listener.onAligned(
      this.#aligner.currentCheckpointId,
      this.#lastBarrierTimestamp,
      this.#lastBarrierIsSavepoint,
    );
  }

  #onEndOfData(index: number): void {
    if (this.#dataEnded[index] === true) return;
    this.#dataEnded[index] = true;
    const channel = this.#channels[index];
    invariant(channel !== undefined, 'every ended channel exists', { index });
    this.#inputs[channel.inputIndex]?.valve.inputFinished(channel.valveChannel);
    const open = (this.#openDataChannels[channel.inputIndex] ?? 0) - 1;
    invariant(open >= 0, 'a channel ends its data once', { index, open });
    this.#openDataChannels[channel.inputIndex] = open;
    if (open > 0) return;
    this.#stopped = true;
    this.#listener.onInputEnded(channel.inputIndex);
  }

  #onEndOfPartition(index: number): void {
    invariant(this.#dataEnded[index] === true, 'data ends before the partition does', { index });
    this.#closed[index] = true;
    if (this.#aligner.onClosed(index) === Alignment.ALIGNED) this.#aligned();
  }
}
