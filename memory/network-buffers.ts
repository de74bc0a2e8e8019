import { invariant, MillraceError } from '../core/internal.js';
import { isConfigured, type MemoryConfiguration, readInteger } from './memory-configuration.js';
import type { TaskManagerMemory } from './memory-spec.js';

/**
 * How many segments a job needs. A gate is the receiving end of one input of a subtask, with a channel
 * per sending subtask; a partition is the sending end, with a subpartition per receiving subtask.
 *
 * Required segments must be there before the first thread starts; optional ones only make things
 * smoother.
 */

export interface NetworkBufferOptions {
  /** Segments that belong to one channel alone. */
  readonly buffersPerChannel: number;
  /** Segments shared by a gate or partition beyond those. */
  readonly floatingBuffersPerGate: number;
  readonly maxBuffersPerChannel: number;
  readonly maxOverdraftBuffersPerGate: number;
  /** Most that a gate may insist on. */
  readonly requiredPerGateMax: number;
}

export const DEFAULT_NETWORK_BUFFER_OPTIONS: NetworkBufferOptions = Object.freeze({
  buffersPerChannel: 2,
  floatingBuffersPerGate: 8,
  maxBuffersPerChannel: 10,
  maxOverdraftBuffersPerGate: 5,
  requiredPerGateMax: 0x7fff_ffff,
});

export interface GateBuffers {
  readonly required: number;
  readonly max: number;
  /** Can be less than configured where the gate may not insist on so many. */
  readonly exclusivePerChannel: number;
  /** The part of `required` that belongs to no channel. */
  readonly floatingRequired: number;
}

export interface PartitionBuffers {
  readonly required: number;
  readonly max: number;
  /** Beyond `max`, only to finish the record in hand. */
  readonly overdraft: number;
  readonly maxPerSubpartition: number;
}

/** The ends of one subtask. */
export interface TaskChannels {
  /** Channels of each gate; at least 1. */
  readonly gates: readonly number[];
  /** Subpartitions of each partition; at least 1. */
  readonly partitions: readonly number[];
}

export interface BufferDemand {
  readonly required: number;
  readonly max: number;
}

/** @throws MillraceError MR4002 */
export function networkBufferOptions(config: MemoryConfiguration): NetworkBufferOptions {
  const requiredMax = 'taskmanager.network.memory.read-buffer.required-per-gate.max';
  return {
    buffersPerChannel: readInteger(config, 'taskmanager.network.memory.buffers-per-channel'),
    floatingBuffersPerGate: readInteger(config, 'taskmanager.network.memory.floating-buffers-per-gate'),
    maxBuffersPerChannel: readInteger(config, 'taskmanager.network.memory.max-buffers-per-channel'),
    maxOverdraftBuffersPerGate: readInteger(
      config,
      'taskmanager.network.memory.max-overdraft-buffers-per-gate',
    ),
    requiredPerGateMax: isConfigured(config, requiredMax)
      ? readInteger(config, requiredMax)
      : DEFAULT_NETWORK_BUFFER_OPTIONS.requiredPerGateMax,
  };
}

/** Segments of a gate of `channels` channels: by default 2n + 1 required, 2n + 8 at most. */
export function gateBuffers(
  channels: number,
  options: NetworkBufferOptions = DEFAULT_NETWORK_BUFFER_OPTIONS,
): GateBuffers {
  invariant(channels >= 1, 'a gate has a channel', { channels });
  const wanted = options.buffersPerChannel * channels;
  const required = Math.min(options.requiredPerGateMax, wanted + 1);
  invariant(required >= 1, 'a gate needs a segment', { requiredPerGateMax: options.requiredPerGateMax });
  const exclusivePerChannel = Math.min(options.buffersPerChannel, Math.floor((required - 1) / channels));
  return {
    required,
    max: Math.max(required, wanted + options.floatingBuffersPerGate),
    exclusivePerChannel,
    floatingRequired: required - exclusivePerChannel * channels,
  };
}

/** Segments of a pipelined partition of `subpartitions`: by default s + 1 required, 2s + 8 at most. */
export function partitionBuffers(
  subpartitions: number,
  options: NetworkBufferOptions = DEFAULT_NETWORK_BUFFER_OPTIONS,
): PartitionBuffers {
  invariant(subpartitions >= 1, 'a partition has a subpartition', { subpartitions });
  const required = subpartitions + 1;
  const perChannel = Math.max(1, options.buffersPerChannel);
  return {
    required,
    max: Math.max(required, perChannel * subpartitions + options.floatingBuffersPerGate),
    overdraft: options.maxOverdraftBuffersPerGate,
    maxPerSubpartition: options.maxBuffersPerChannel,
  };
}

/** What all these subtasks need together. */
export function bufferDemand(
  tasks: Iterable<TaskChannels>,
  options: NetworkBufferOptions = DEFAULT_NETWORK_BUFFER_OPTIONS,
): BufferDemand {
  let required = 0;
  let max = 0;
  for (const task of tasks) {
    for (const end of [
      ...task.gates.map((channels) => gateBuffers(channels, options)),
      ...task.partitions.map((subpartitions) => partitionBuffers(subpartitions, options)),
    ]) {
      required += end.required;
      max += end.max;
    }
  }
  return { required, max };
}

/** How many whole segments the network memory of a plan holds. */
export function segmentCount(spec: TaskManagerMemory): number {
  return Number(spec.network.bytes / BigInt(spec.segmentSize));
}

/** @throws MillraceError MR4004 with Flink's sentence */
export function requireBuffers(required: number, available: number, spec: TaskManagerMemory): void {
  if (required <= available) return;
  throw new MillraceError(
    'MR4004',
    `Insufficient number of network buffers: required ${required}, but only ${available} available. The total ` +
      `number of network buffers is currently set to ${segmentCount(spec)} of ${spec.segmentSize} bytes each. You ` +
      "can increase this number by setting the configuration keys 'taskmanager.memory.network.fraction', " +
      "'taskmanager.memory.network.min', and 'taskmanager.memory.network.max'.",
  );
}
