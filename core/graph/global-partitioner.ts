import type { StreamPartitioner } from './stream-partitioner.js';

/** Every record to the first consumer. */
export class GlobalPartitioner implements StreamPartitioner<unknown> {
  readonly isBroadcast = false;

  selectChannel(): number {
    return 0;
  }
}
