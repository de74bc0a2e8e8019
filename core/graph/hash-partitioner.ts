// hot path: chain.bench.ts
import { invariant } from '../base/invariant.js';
import { keyGroupOf, subtaskOfKeyGroup } from './key-group.js';
import type { StreamPartitioner } from './stream-partitioner.js';

/** To the consumer that owns the key group of the record's key. */
export class HashPartitioner<T> implements StreamPartitioner<T> {
  readonly isBroadcast = false;
  private readonly keySelector: (value: T) => unknown;
  private readonly channels: number;
  private readonly maxParallelism: number;

  constructor(keySelector: (value: T) => unknown, channels: number, maxParallelism: number) {
    invariant(channels <= maxParallelism, 'every consumer owns a key group', { channels, maxParallelism });
    this.keySelector = keySelector;
    this.channels = channels;
    this.maxParallelism = maxParallelism;
  }

  selectChannel(value: T): number {
    const keySelector = this.keySelector;
    const keyGroup = keyGroupOf(keySelector(value), this.maxParallelism);
    return subtaskOfKeyGroup(keyGroup, this.channels, this.maxParallelism);
  }
}
