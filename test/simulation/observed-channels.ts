import { ElementKind, type RecordCodec } from '../../core/internal.js';
import {
  type ChannelHandle,
  ChannelReader,
  ChannelWriter,
  type LocalBufferPool,
  type SegmentPool,
} from '../../memory/index.js';
import type { ChannelPlace } from '../driver/attempt-assembly.js';
import type { WorldListeners } from './world-listener.js';

/** What has gone through a channel by now. Records are only counted: telling of each would take too long. */
export interface Flow {
  /** Of all channels of the world. */
  readonly channel: number;
  readonly place: ChannelPlace;
  readonly written: number;
  readonly read: number;
}

/** Hears of what stands between the records of the channels of a world, at both ends of each. */
export interface ChannelListener {
  /** A task writes into the channel, or reads from it. */
  onChannelOpened(flow: Flow, task: number, isWriter: boolean): void;
  /** `value`: the timestamp of a watermark, the checkpoint of a barrier, otherwise 0. */
  onElementWritten(flow: Flow, kind: ElementKind, value: number): void;
  onElementRead(flow: Flow, kind: ElementKind, value: number): void;
  /** Where the segments of a task's output are; `error` says which is not where it belongs. */
  onSegmentsCounted(error: unknown): void;
}

interface Tally extends Flow {
  written: number;
  read: number;
}

/** Numbers what a world has many of. */
export type NextNumber = () => number;

/** Makes the ends of the channels of one attempt, which tell what goes through them. */
export class ObservedChannels {
  readonly #listeners: WorldListeners;
  readonly #nextNumber: NextNumber;
  readonly #recordsBegun: boolean;
  /** By the shared memory and the place of the control block, as the two ends share no object. */
  readonly #tallies = new Map<SharedArrayBuffer, Map<number, Tally>>();
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
    place: ChannelPlace,
    task: number,
  ): ChannelWriter<unknown> {
    const tally = this.#tallyOf(handle, place);
    this.#listeners.onChannelOpened(tally, task, true);
    return new ObservedWriter(handle, buffers, codec, tally, this.#listeners);
  }

  reader(
    handle: ChannelHandle,
    pool: SegmentPool,
    codec: RecordCodec<unknown>,
    place: ChannelPlace,
    task: number,
  ): ChannelReader<unknown> {
    const tally = this.#tallyOf(handle, place);
    this.#listeners.onChannelOpened(tally, task, false);
    const Reader = this.#recordsBegun ? ObservedReader : ForgetfulReader;
    return new Reader(handle, pool, codec, tally, this.#listeners);
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

  #tallyOf({ control, controlBase }: ChannelHandle, place: ChannelPlace): Tally {
    const partition = this.#tallies.get(control) ?? new Map<number, Tally>();
    this.#tallies.set(control, partition);
    const tally = partition.get(controlBase) ?? { channel: this.#nextNumber(), place, written: 0, read: 0 };
    partition.set(controlBase, tally);
    return tally;
  }
}

class ObservedWriter extends ChannelWriter<unknown> {
  readonly #tally: Tally;
  readonly #listeners: WorldListeners;

  constructor(
    handle: ChannelHandle,
    buffers: LocalBufferPool,
    codec: RecordCodec<unknown>,
    tally: Tally,
    listeners: WorldListeners,
  ) {
    super(handle, buffers, codec);
    this.#tally = tally;
    this.#listeners = listeners;
  }

  override writeRecord(value: unknown, timestamp: number): void {
    super.writeRecord(value, timestamp);
    this.#tally.written++;
  }

  override writeWatermark(timestamp: number): void {
    this.#listeners.onElementWritten(this.#tally, ElementKind.WATERMARK, timestamp);
    super.writeWatermark(timestamp);
  }

  override writeIdle(): void {
    this.#listeners.onElementWritten(this.#tally, ElementKind.IDLE, 0);
    super.writeIdle();
  }

  override writeActive(): void {
    this.#listeners.onElementWritten(this.#tally, ElementKind.ACTIVE, 0);
    super.writeActive();
  }

  override writeBarrier(checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    this.#listeners.onElementWritten(this.#tally, ElementKind.BARRIER, checkpointId);
    super.writeBarrier(checkpointId, timestamp, isSavepoint);
  }

  override writeEndOfData(): void {
    super.writeEndOfData();
    this.#listeners.onElementWritten(this.#tally, ElementKind.END_OF_DATA, 0);
  }

  override writeEndOfPartition(): void {
    super.writeEndOfPartition();
    this.#listeners.onElementWritten(this.#tally, ElementKind.END_OF_PARTITION, 0);
  }
}

class ObservedReader extends ChannelReader<unknown> {
  readonly #tally: Tally;
  readonly #listeners: WorldListeners;
  #reading = false;

  constructor(
    handle: ChannelHandle,
    pool: SegmentPool,
    codec: RecordCodec<unknown>,
    tally: Tally,
    listeners: WorldListeners,
  ) {
    super(handle, pool, codec);
    this.#tally = tally;
    this.#listeners = listeners;
  }

  /** The reader calls itself where an element takes several steps; only the outermost call is seen. */
  override next(): ElementKind {
    if (this.#reading) return super.next();
    this.#reading = true;
    const kind = super.next();
    this.#reading = false;
    if (kind === ElementKind.RECORD) this.#tally.read++;
    else if (kind !== ElementKind.NONE) this.#listeners.onElementRead(this.#tally, kind, this.#value(kind));
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
