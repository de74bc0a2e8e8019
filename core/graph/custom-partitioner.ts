import { MillraceError } from '../base/millrace-error.js';
import type { StreamPartitioner } from './stream-partitioner.js';

/** To the consumer that the user's function names. */
export class CustomPartitioner<T, K> implements StreamPartitioner<T> {
  readonly isBroadcast = false;
  readonly #partition: (key: K, channels: number) => number;
  readonly #keySelector: (value: T) => K;
  readonly #channels: number;

  constructor(
    partition: (key: K, channels: number) => number,
    keySelector: (value: T) => K,
    channels: number,
  ) {
    this.#partition = partition;
    this.#keySelector = keySelector;
    this.#channels = channels;
  }

  selectChannel(value: T): number {
    const partition = this.#partition;
    const keySelector = this.#keySelector;
    const channel = partition(keySelector(value), this.#channels);
    if (Number.isInteger(channel) && channel >= 0 && channel < this.#channels) return channel;
    throw new MillraceError('MR1001', `A custom partitioner chose channel ${String(channel)}.`, {
      hint: `It must return a whole number from 0 to ${this.#channels - 1}: it is given the number of channels.`,
    });
  }
}
