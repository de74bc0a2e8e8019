import type { DataStream } from '../core/api/data-stream.js';
import type { SingleOutputStreamOperator } from '../core/api/single-output-stream-operator.js';
import { StreamExecutionEnvironment } from '../core/api/stream-execution-environment.js';
import type { OperatorFactory } from '../core/operator/stream-operator.js';
import type { TypeDescriptor } from '../core/serde/type-descriptor.js';

/** What makes the operator of the stream that `build` makes of an empty one of that type. */
export function lastOperator<T, R = T>(
  build: (stream: DataStream<T>) => SingleOutputStreamOperator<R>,
  type?: TypeDescriptor<T>,
): OperatorFactory {
  const env = new StreamExecutionEnvironment();
  build(env.fromData<T>([], type));
  const operator = env.describe().graph.nodes.at(-1)?.spec.operator;
  if (operator?.kind !== 'operator') throw new Error('the last node is an operator');
  return operator.factory;
}
