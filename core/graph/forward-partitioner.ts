import type { StreamPartitioner } from './stream-partitioner.js';

/** To the consumer of the same index; producer and consumer have the same parallelism. */
export class ForwardPartitioner implements StreamPartitioner<unknown> {
  readonly isBroadcast = false;
  readonly #channel: number;

  /** With a single channel (the only one that is ever used) it is that one. */
  constructor(channels: number, producerSubtask: number) {
    this.#channel = channels === 1 ? 0 : producerSubtask;
  }

  selectChannel(): number {
    return this.#channel;
  }
}
