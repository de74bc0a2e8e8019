import {
  type LatencyMarker,
  type Output,
  type OutputTag,
  type StreamPartitioner,
  Watermark,
} from '../../core/internal.js';
import type { ChannelWriter } from '../../memory/index.js';

/**
 * What leaves a task: whether channels are full or hold something back, at a glance from the record path; and
 * how many timers one step may still fire.
 *
 * Invariants: `full` is true from the moment any channel ran out of room until {@link TaskOutputs.drain}
 * found room in all of them; `isFiring` is true from the moment a step had to leave timers that are due until
 * the next step begins. While one of them is true the task takes no new input.
 */
export class OutputRoom {
  full = false;
  isFiring = false;
  #timersLeft = 0;
  /** The greatest watermark that has left: branches of a chain may have different ones. */
  watermark: number = Watermark.MIN;

  /** A step begins, which fires about as many timers as it takes records. */
  beginStep(budget: number): void {
    this.isFiring = false;
    this.#timersLeft = budget;
  }

  /** Asked before each timer that is due: true where the operator shall stop, and go on at its `resume`. */
  mustYield(): boolean {
    if (this.full) return true;
    this.isFiring = this.#timersLeft-- <= 0;
    return this.isFiring;
  }
}

/**
 * One output edge of one task: chooses the channel of each record; all else goes to every channel.
 * hot path
 */
export class ResultPartition implements Output<unknown> {
  readonly #writers: readonly ChannelWriter<unknown>[];
  /** By consumer subtask; a finished consumer has none, and what is meant for it is dropped. */
  readonly #byConsumer: readonly (ChannelWriter<unknown> | undefined)[];
  readonly #partitioner: StreamPartitioner<unknown>;
  readonly #room: OutputRoom;
  readonly #single: ChannelWriter<unknown> | undefined;
  readonly #bufferTimeoutMs: number;
  #flushedMs = 0;
  #nextMarked = 0;

  /** `bufferTimeoutMs`: time between two calls of {@link flush} by {@link flushDue}. */
  constructor(
    byConsumer: readonly (ChannelWriter<unknown> | undefined)[],
    partitioner: StreamPartitioner<unknown>,
    room: OutputRoom,
    bufferTimeoutMs: number,
  ) {
    this.#byConsumer = byConsumer;
    this.#writers = byConsumer.filter((writer) => writer !== undefined);
    this.#partitioner = partitioner;
    this.#room = room;
    this.#bufferTimeoutMs = bufferTimeoutMs;
    this.#single = byConsumer.length === 1 ? byConsumer[0] : undefined;
  }

  collect(value: unknown, timestamp: number): void {
    const single = this.#single;
    if (single !== undefined) {
      single.writeRecord(value, timestamp);
      if (!single.hasRoom()) this.#room.full = true;
      return;
    }
    if (this.#partitioner.isBroadcast) {
      this.#broadcast(value, timestamp);
      return;
    }
    const writer = this.#byConsumer[this.#partitioner.selectChannel(value)];
    if (writer === undefined) return;
    writer.writeRecord(value, timestamp);
    if (!writer.hasRoom()) this.#room.full = true;
  }

  emitWatermark(timestamp: number): void {
    if (timestamp > this.#room.watermark) this.#room.watermark = timestamp;
    for (const writer of this.#writers) writer.writeWatermark(timestamp);
    this.#checkRoom();
  }

  emitIdle(): void {
    for (const writer of this.#writers) writer.writeIdle();
    this.#checkRoom();
  }

  emitActive(): void {
    for (const writer of this.#writers) writer.writeActive();
    this.#checkRoom();
  }

  /** Side outputs are told apart by the chain; each edge takes exactly one of them as its own stream. */
  sideOutput<X>(_tag: OutputTag<X>, value: X, timestamp: number): void {
    this.collect(value, timestamp);
  }

  /** To one channel, each in its turn: to all of them it would say no more, and be as many as there are tasks. */
  emitLatencyMarker(marker: LatencyMarker): void {
    this.#nextMarked = this.#nextMarked + 1 < this.#writers.length ? this.#nextMarked + 1 : 0;
    this.#writers[this.#nextMarked]?.writeLatencyMarker(marker);
    this.#checkRoom();
  }

  writeBarrier(checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    for (const writer of this.#writers) {
      writer.writeBarrier(checkpointId, timestamp, isSavepoint);
      writer.flush();
    }
    this.#checkRoom();
  }

  writeEndOfData(): void {
    for (const writer of this.#writers) {
      writer.writeEndOfData();
      writer.flush();
    }
    this.#checkRoom();
  }

  writeEndOfPartition(): void {
    for (const writer of this.#writers) {
      writer.writeEndOfPartition();
      writer.flush();
    }
    this.#checkRoom();
  }

  flush(): void {
    for (const writer of this.#writers) if (writer.hasUnflushed) writer.flush();
  }

  /** Shows consumers what has waited for as long as it may; `nowMs` is monotonic. */
  flushDue(nowMs: number): void {
    if (nowMs - this.#flushedMs < this.#bufferTimeoutMs) return;
    this.#flushedMs = nowMs;
    this.flush();
  }

  /** Shows consumers all that was written. False: some of it waits for segments to come back. */
  handOver(): boolean {
    this.flush();
    return this.#writers.every((writer) => !writer.hasUnflushed);
  }

  /** True when every channel has room and nothing waits outside of it. */
  drain(): boolean {
    let room = true;
    for (const writer of this.#writers) if (!writer.drainOverflow() || !writer.hasRoom()) room = false;
    return room;
  }

  #broadcast(value: unknown, timestamp: number): void {
    for (const writer of this.#writers) writer.writeRecord(value, timestamp);
    this.#checkRoom();
  }

  #checkRoom(): void {
    for (const writer of this.#writers) if (!writer.hasRoom()) this.#room.full = true;
  }
}

/** One that lets nothing wait: each element is with its consumer before the next one is made. */
class UnbufferedPartition extends ResultPartition {
  override collect(value: unknown, timestamp: number): void {
    super.collect(value, timestamp);
    this.flush();
  }

  override emitWatermark(timestamp: number): void {
    super.emitWatermark(timestamp);
    this.flush();
  }
}

/** With a timeout of 0 it lets nothing wait. */
export function resultPartition(
  byConsumer: readonly (ChannelWriter<unknown> | undefined)[],
  partitioner: StreamPartitioner<unknown>,
  room: OutputRoom,
  bufferTimeoutMs: number,
): ResultPartition {
  const Partition = bufferTimeoutMs === 0 ? UnbufferedPartition : ResultPartition;
  return new Partition(byConsumer, partitioner, room, bufferTimeoutMs);
}

/** All output edges of a task. */
export class TaskOutputs {
  readonly room: OutputRoom;
  readonly #partitions: readonly ResultPartition[];

  constructor(partitions: readonly ResultPartition[], room: OutputRoom) {
    this.#partitions = partitions;
    this.room = room;
  }

  writeBarrier(checkpointId: number, timestamp: number, isSavepoint: boolean): void {
    for (const partition of this.#partitions) partition.writeBarrier(checkpointId, timestamp, isSavepoint);
  }

  writeEndOfData(): void {
    for (const partition of this.#partitions) partition.writeEndOfData();
  }

  writeEndOfPartition(): void {
    for (const partition of this.#partitions) partition.writeEndOfPartition();
  }

  flush(): void {
    for (const partition of this.#partitions) partition.flush();
  }

  flushDue(nowMs: number): void {
    for (const partition of this.#partitions) partition.flushDue(nowMs);
  }

  /** True when consumers can see all that was written. */
  handOver(): boolean {
    return this.#partitions.reduce((whole, partition) => partition.handOver() && whole, true);
  }

  /** Moves what did not fit into the channels. True when all of them have room again. */
  drain(): boolean {
    if (!this.room.full) return true;
    let room = true;
    for (const partition of this.#partitions) if (!partition.drain()) room = false;
    this.room.full = !room;
    return room;
  }
}
