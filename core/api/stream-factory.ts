import type { StreamGraph, StreamNode, StreamNodeSpec, StreamOrigin } from '../graph/stream-graph.js';
import type { KeySelector } from '../operator/functions.js';
import type { TypeDescriptor } from '../serde/type-descriptor.js';
import type { KeyedStream } from './keyed-stream.js';
import type { SingleOutputStreamOperator } from './single-output-stream-operator.js';

/**
 * Makes streams of the other kinds, so that the files of the kinds need not import each other in a circle.
 * One belongs to each environment.
 */
export interface StreamFactory {
  readonly graph: StreamGraph;
  /** Adds an operator and gives the stream of its results. */
  operator<T>(spec: StreamNodeSpec): SingleOutputStreamOperator<T>;
  /** The stream of an operator that was added before. */
  stream<T>(node: StreamNode): SingleOutputStreamOperator<T>;
  keyed<T, K>(
    origins: readonly StreamOrigin[],
    keySelector: KeySelector<T, K>,
    keyType: TypeDescriptor<K> | undefined,
  ): KeyedStream<T, K>;
}
