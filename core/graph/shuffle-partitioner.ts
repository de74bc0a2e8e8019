import { Prng } from '../base/prng.js';
import type { StreamPartitioner } from './stream-partitioner.js';

/** Any consumer with the same chance. The draw depends on edge and producer only: a run can be replayed. */
export class ShufflePartitioner implements StreamPartitioner<unknown> {
  readonly isBroadcast = false;
  readonly #channels: number;
  readonly #prng: Prng;

  constructor(channels: number, producerSubtask: number, edge: number) {
    this.#channels = channels;
    this.#prng = new Prng(edge * 0x1_0000_0000 + producerSubtask);
  }

  selectChannel(): number {
    return this.#prng.below(this.#channels);
  }
}
