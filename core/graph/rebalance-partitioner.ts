import type { StreamPartitioner } from './stream-partitioner.js';

/**
 * Round robin over all consumers. Each producer begins at another one, so that few records a producer do
 * not all go to the first consumers.
 *
 * Invariants: 0 <= next < channels.
 */
export class RebalancePartitioner implements StreamPartitioner<unknown> {
  readonly isBroadcast = false;
  private readonly channels: number;
  private next: number;

  constructor(channels: number, producerSubtask: number) {
    this.channels = channels;
    this.next = producerSubtask % channels;
  }

  selectChannel(): number {
    const channel = this.next;
    this.next = channel + 1 === this.channels ? 0 : channel + 1;
    return channel;
  }
}
