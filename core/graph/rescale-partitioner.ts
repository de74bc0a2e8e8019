import type { StreamPartitioner } from './stream-partitioner.js';

/**
 * Round robin over the consumers near the producer: where there are more consumers than producers, each
 * producer has its own share of them; where there are fewer, neighbouring producers share one.
 *
 * Invariants: 0 <= first <= next < end <= channels; with at least as many consumers as producers, the
 * shares of the producers do not overlap and cover all consumers.
 */
export class RescalePartitioner implements StreamPartitioner<unknown> {
  readonly isBroadcast = false;
  private readonly first: number;
  private readonly end: number;
  private next: number;

  constructor(channels: number, producerSubtask: number, producers: number) {
    this.first = Math.floor((producerSubtask * channels) / producers);
    this.end = Math.max(this.first + 1, Math.floor(((producerSubtask + 1) * channels) / producers));
    this.next = this.first;
  }

  selectChannel(): number {
    const channel = this.next;
    this.next = channel + 1 === this.end ? this.first : channel + 1;
    return channel;
  }
}
