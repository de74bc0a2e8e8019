import { PARTITIONINGS } from '../graph/partitioning.js';
import type { KeySelector } from '../operator/functions.js';
import { checkSynchronous } from '../operator/synchronous.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { DataStream } from './data-stream.js';
import type { KeyedStream } from './keyed-stream.js';
import { streamInputOf } from './windowable-stream.js';

/**
 * A stream whose records already lie where `keyBy` with this key would put them, as a keyed one: nothing crosses
 * threads again. Each operator behind has the parallelism of the one before, as with `forward()`.
 *
 * A record that lies elsewhere fails the job (MR2007).
 *
 * @example
 * ```ts
 * // Two steps by the same key, in one task.
 * const sums = clicks.keyBy((click) => click.user).reduce(add);
 * const counted = reinterpretAsKeyedStream(sums, (click) => click.user).reduce(add);
 * ```
 */
export function reinterpretAsKeyedStream<T, K>(
  stream: DataStream<T>,
  keySelector: KeySelector<T, K>,
  keyType?: TypeDescriptor<K>,
): KeyedStream<T, K> {
  checkSynchronous(keySelector, 'The key selector given to reinterpretAsKeyedStream');
  const { factory, origins } = streamInputOf(stream);
  const forwarded = origins.map((origin) => ({
    ...origin,
    partitioning: origin.partitioning ?? PARTITIONINGS.forward,
  }));
  return factory.keyed(forwarded, keySelector, keyType);
}
