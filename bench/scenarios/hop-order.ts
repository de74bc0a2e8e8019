import type { PartitionHandle } from '../../memory/index.js';

/** What ring-hop asks of its producer thread. */
export interface HopOrder {
  readonly way: 'ring' | 'ring-undeclared' | 'postMessage';
  readonly count: number;
  readonly partition: PartitionHandle | undefined;
}

/** Records of a batch of the postMessage way, and how many batches may be on their way. */
export const BATCH = 1000;
export const BATCHES_IN_FLIGHT = 8;
