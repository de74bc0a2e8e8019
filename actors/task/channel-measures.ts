import type { BufferUsage } from '../../memory/index.js';
import type { TaskEnvironment } from './task-environment.js';

/** What the channels of a task have carried since its start, and what is in them now. Plain data. */
export interface ChannelMeasures {
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Segments read to their end, and shown to consumers. */
  readonly buffersIn: number;
  readonly buffersOut: number;
  /** Segments that wait to be read, and their share of what the rings hold. */
  readonly inputQueueLength: number;
  readonly inPoolUsage: number;
  /** Segments of the outputs in use, and their share of all. */
  readonly outputQueueLength: number;
  readonly outPoolUsage: number;
}

/** Takes a look at each channel: not for the record path. */
export function measureChannels({ inputs, outputs }: TaskEnvironment): ChannelMeasures {
  let [bytesIn, buffersIn, inputQueueLength, capacity] = [0, 0, 0, 0];
  for (const { channels } of inputs) {
    for (const reader of channels) {
      if (reader === undefined) continue;
      bytesIn += reader.bytesIn;
      buffersIn += reader.buffersIn;
      inputQueueLength += reader.waiting;
      capacity += reader.capacity;
    }
  }
  let [bytesOut, buffersOut] = [0, 0];
  const pools = new Set<BufferUsage>();
  for (const { channels } of outputs) {
    for (const writer of channels) {
      if (writer === undefined) continue;
      bytesOut += writer.bytesOut;
      buffersOut += writer.buffersOut;
      pools.add(writer.buffers);
    }
  }
  let [inUse, size] = [0, 0];
  for (const pool of pools) {
    inUse += pool.inUse;
    size += pool.size;
  }
  return {
    bytesIn,
    bytesOut,
    buffersIn,
    buffersOut,
    inputQueueLength,
    inPoolUsage: shareOf(inputQueueLength, capacity),
    outputQueueLength: inUse,
    outPoolUsage: shareOf(inUse, size),
  };
}

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
