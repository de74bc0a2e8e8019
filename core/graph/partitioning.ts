import type { TypeNode } from '../serde/type-descriptor.js';
import { BroadcastPartitioner } from './broadcast-partitioner.js';
import { CustomPartitioner } from './custom-partitioner.js';
import { ForwardPartitioner } from './forward-partitioner.js';
import { GlobalPartitioner } from './global-partitioner.js';
import { HashPartitioner } from './hash-partitioner.js';
import type { PartitionerKind } from './job-graph.js';
import { RebalancePartitioner } from './rebalance-partitioner.js';
import { RescalePartitioner } from './rescale-partitioner.js';
import { ShufflePartitioner } from './shuffle-partitioner.js';
import type { StreamPartitioner } from './stream-partitioner.js';

/** The two ends of an edge, as far as choosing a channel depends on them. */
export interface EdgeEnds {
  readonly edge: number;
  readonly producers: number;
  readonly consumers: number;
  /** Of the consumer. */
  readonly maxParallelism: number;
}

/** How a stream is spread over the subtasks of its consumer, as the job describes it. */
export interface Partitioning {
  readonly kind: PartitionerKind;
  /** Of hash partitioning. */
  readonly keySelector?: (value: unknown) => unknown;
  /** Of the keys by which the consumer keeps state, where it is known. */
  readonly keyType?: TypeNode;
  create(channels: number, producerSubtask: number, ends: EdgeEnds): StreamPartitioner<unknown>;
}

type Plain = Exclude<PartitionerKind, 'hash' | 'custom'>;

export const PARTITIONINGS: Readonly<Record<Plain, Partitioning>> = {
  forward: { kind: 'forward', create: (channels, subtask) => new ForwardPartitioner(channels, subtask) },
  rebalance: {
    kind: 'rebalance',
    create: (channels, subtask) => new RebalancePartitioner(channels, subtask),
  },
  rescale: {
    kind: 'rescale',
    create: (channels, subtask, ends) => new RescalePartitioner(channels, subtask, ends.producers),
  },
  shuffle: {
    kind: 'shuffle',
    create: (channels, subtask, ends) => new ShufflePartitioner(channels, subtask, ends.edge),
  },
  broadcast: { kind: 'broadcast', create: () => new BroadcastPartitioner() },
  global: { kind: 'global', create: () => new GlobalPartitioner() },
};

export function hashPartitioning(selector: (value: never) => unknown): Partitioning {
  const keySelector = selector as (value: unknown) => unknown;
  return {
    kind: 'hash',
    keySelector,
    create: (channels, _subtask, ends) => new HashPartitioner(keySelector, channels, ends.maxParallelism),
  };
}

export function customPartitioning<T, K>(
  partition: (key: K, channels: number) => number,
  keySelector: (value: T) => K,
): Partitioning {
  return {
    kind: 'custom',
    create: (channels) => new CustomPartitioner(partition, keySelector as (value: unknown) => K, channels),
  };
}
