import { invariant } from '../base/invariant.js';
import type { StreamPartitioner } from './stream-partitioner.js';

/** Every record to every consumer. */
export class BroadcastPartitioner implements StreamPartitioner<unknown> {
  readonly isBroadcast = true;

  selectChannel(): number {
    invariant(false, 'a broadcast record has no single channel');
    return 0;
  }
}
