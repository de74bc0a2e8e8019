import { ElementKind, type RecordCodec } from '../../core/internal.js';
import {
  type ChannelHandle,
  ChannelReader,
  ChannelWriter,
  type LocalBufferPool,
  type SegmentPool,
} from '../../memory/index.js';
import type { WorldListeners } from './world-listener.js';

/** Hears of each element at both ends of the channels of a world, which are numbered. Called often: numbers only. */
export interface ChannelListener {
  /** A task writes into the channel, or reads from it. */
  onChannelOpened(channel: number, task: number, isWriter: boolean): void;
  onRecordWritten(channel: number): void;
  onRecordRead(channel: number): void;
  /** `value`: the timestamp of a watermark, the checkpoint of a barrier, otherwise 0. */
  onElementWritten(channel: number, kind: ElementKind, value: number): void;
  onElementRead(channel: number, kind: ElementKind, value: number): void;
  /** Where the segments of a task's output are; `error` says which is not where it belongs. */
  onSegmentsCounted(error: unknown): void;
}

/** Numbers what a world has many of. */
export type NextNumber = () => number;

/** Makes the ends of the channels of one attempt, which tell what goes through them. */
export class ObservedChannels {
  readonly #listeners: WorldListeners;
  readonly #nextNumber: NextNumber;
  readonly #recordsBegun: boolean;
  /** By the shared memory and the place of the control block, as the two ends share no object. */
  readonly #numbers = new Map<SharedArrayBuffer, Map<number, number>>();
  readonly #pools: LocalBufferPool[] = [];

  /** `recordsBegun`: whether the readers record what they have begun. */
  constructor(listeners: WorldListeners, nextNumber: NextNumber, recordsBegun: boolean) {
    this.#listeners = listeners;
    this.#nextNumber = nextNumber;
    this.#recordsBegun = recordsBegun;
  }

  writer(
    handle: ChannelHandle,
    buffers: LocalBufferPool,
    codec: RecordCodec<unknown>,
    task: number,
  ): ChannelWriter<unknown> {
    const channel = this.#numberOf(handle);
    this.#listeners.onChannelOpened(channel, task, true);
    return new ObservedWriter(handle, buffers, codec, channel, this.#listeners);
  }

  reader(
    handle: ChannelHandle,
    pool: SegmentPool,
    codec: RecordCodec<unknown>,
    task: number,
  ): ChannelReader<unknown> {
    const channel = this.#numberOf(handle);
    this.#listeners.onChannelOpened(channel, task, false);
    const Reader = this.#recordsBegun ? ObservedReader : ForgetfulReader;
    return new Reader(handle, pool, codec, channel, this.#listeners);
  }

  audits(buffers: LocalBufferPool): void {
    this.#pools.push(buffers);
  }

  audit(): void {
    for (const pool of this.#pools) {
      try {
        pool.audit();
        this.#listeners.onSegmentsCounted(undefined);
      } catch (error) {
        this.#listeners.onSegmentsCounted(error);
      }
    }
  }

  #numberOf({ control, controlBase }: ChannelHandle): number {
    const partition = this.#numbers.get(control) ?? new Map<number, number>();
    this.#numbers.set(control, partition);
    const number = partition.get(controlBase) ?? this.#nextNumber();
    partition.set(controlBase, number);
    return number;
  }
}

class ObservedWriter extends ChannelWriter<unknown> {
  readonly #channel: number;
  readonly #listeners: WorldListeners;

  constructor(
    handle: ChannelHandle,
    buffers: LocalBufferPool,
    codec: RecordCodec<unknown>,
    channel: number,
    listeners: WorldListeners,
  ) {
    super(handle, buffers, codec);
    this.#channel = channel;
    this.#listeners = listeners;
  }

  override writeRecord(value: unknown, timestamp: number): void {
    super.writeRecord(value, timestamp);
    this.#listeners.onRecordWritten(this.#channel);
  }

  override writeWatermark(timestamp: number): void {
    this.#listeners.onElementWritten(this.#channel, ElementKind.WATERMARK, timestamp);
    super.writeWatermark(timestamp);
  }

  override writeBarrier(checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    this.#listeners.onElementWritten(this.#channel, ElementKind.BARRIER, checkpointId);
    super.writeBarrier(checkpointId, timestamp, isSavepoint);
  }

  override writeEndOfData(): void {
    super.writeEndOfData();
    this.#listeners.onElementWritten(this.#channel, ElementKind.END_OF_DATA, 0);
  }

  override writeEndOfPartition(): void {
    super.writeEndOfPartition();
    this.#listeners.onElementWritten(this.#channel, ElementKind.END_OF_PARTITION, 0);
  }
}

class ObservedReader extends ChannelReader<unknown> {
  readonly #channel: number;
  readonly #listeners: WorldListeners;
  #reading = false;

  constructor(
    handle: ChannelHandle,
    pool: SegmentPool,
    codec: RecordCodec<unknown>,
    channel: number,
    listeners: WorldListeners,
  ) {
    super(handle, pool, codec);
    this.#channel = channel;
    this.#listeners = listeners;
  }

  /** The reader calls itself where an element takes several steps; only the outermost call is seen. */
  override next(): ElementKind {
    if (this.#reading) return super.next();
    this.#reading = true;
    const kind = super.next();
    this.#reading = false;
    if (kind === ElementKind.RECORD) this.#listeners.onRecordRead(this.#channel);
    else if (kind !== ElementKind.NONE) this.#listeners.onElementRead(this.#channel, kind, this.#value(kind));
    return kind;
  }

  #value(kind: ElementKind): number {
    if (kind === ElementKind.WATERMARK) return this.timestamp;
    return kind === ElementKind.BARRIER ? this.checkpointId : 0;
  }
}

/** One whose recordings lack what it has begun: a half-read block or frame, or an element that spans. */
class ForgetfulReader extends ObservedReader {
  protected override begun(): Uint8Array | undefined {
    return undefined;
  }
}
